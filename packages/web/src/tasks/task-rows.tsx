import type { TaskSummary } from '@errand/client'
import { Anchor, Paper } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import { ROW_HEIGHT } from '../config.ts'
import { Bar } from '../ui/bar.tsx'
import { Breakable } from '../ui/breakable.tsx'
import { useNow } from '../ui/clock.ts'
import { StateMark } from '../ui/state-mark.tsx'
import {
  labelOf,
  progressWords,
  sentenceOf,
  shareOf,
  spentWords,
  subjectOf,
  toneOf,
  whenWords,
} from '../words/states.ts'
import { relative } from '../words/units.ts'
import { filtersOf } from './filters.ts'
import classes from './task-rows.module.css'

interface TaskRowsProps {
  tasks: readonly TaskSummary[]
  selected: ReadonlySet<string>
  onSelect: (selected: ReadonlySet<string>) => void
  /** The last row is near. */
  onEnd: () => void
}

/** The rows of the list, of which only those near the screen exist: a list may have a million. */
export function TaskRows({ tasks, selected, onSelect, onEnd }: TaskRowsProps) {
  const list = useRef<HTMLDivElement>(null)
  const now = useNow(tasks.some(({ finishedAt }) => finishedAt === null))
  const rows = useWindowVirtualizer({
    count: tasks.length,
    estimateSize: () => ROW_HEIGHT,
    overscan: 4,
    scrollMargin: list.current?.offsetTop ?? 0,
    getItemKey: (index) => tasks[index]?.id ?? index,
  })
  const items = rows.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= tasks.length - 5) onEnd()
  }, [last, tasks.length, onEnd])

  function toggle(id: string) {
    const next = new Set(selected)
    if (!next.delete(id)) next.add(id)
    onSelect(next)
  }

  return (
    <Paper withBorder ref={list} className={classes.list}>
      <ul className={classes.rows} style={{ blockSize: rows.getTotalSize() }}>
        {items.map((item) => {
          const task = tasks[item.index]
          if (task === undefined) return null
          return (
            <li
              key={item.key}
              data-index={item.index}
              ref={rows.measureElement}
              className={classes.row}
              style={{ transform: `translateY(${item.start - rows.options.scrollMargin}px)` }}
            >
              <input
                type="checkbox"
                className={classes.box}
                aria-label={`Select ${task.title}, ${subjectOf(task.scope)}`}
                checked={selected.has(task.id)}
                onChange={() => toggle(task.id)}
              />
              <Row task={task} now={now} />
            </li>
          )
        })}
      </ul>
    </Paper>
  )
}

function Row({ task, now }: { task: TaskSummary; now: number }) {
  const running = task.steps.find((step) => step.state === 'running')
  const counted = running === undefined ? '' : progressWords(running)
  const ready = task.artifacts.filter(({ state }) => state === 'available')
  const [only] = ready
  const spent = spentWords(task, now)
  return (
    <div className={classes.content}>
      <div className={classes.what}>
        <Link to="/tasks/$id" params={{ id: task.id }} className={classes.title}>
          {task.title}
        </Link>
        {task.scope !== '' && (
          <Link
            to="/"
            search={(shown) => filtersOf({ ...shown, scope: task.scope })}
            className={classes.scope}
            title="Show only what is about this"
          >
            <Breakable>{subjectOf(task.scope)}</Breakable>
          </Link>
        )}
      </div>
      <div className={classes.how}>
        <StateMark tone={toneOf(task.state)} label={labelOf(task.state)} />
        <span className={classes.sentence}>
          {sentenceOf(task, now)}
          {counted !== '' && `, ${counted}`}
        </span>
        {task.state === 'running' && <Bar share={shareOf(task)} label={`Progress of ${task.title}`} />}
      </div>
      <div className={classes.whose}>
        <span>{task.owner.name}</span>
        <time dateTime={task.createdAt} title={whenWords(task)}>
          {relative(task.createdAt, now)}
        </time>
        {spent !== '' && <span>{spent}</span>}
      </div>
      <div className={classes.take}>
        {only !== undefined &&
          (ready.length === 1 ? (
            <Anchor href={`/api/v1/artifacts/${only.id}/content`} download aria-label={`Download ${only.filename}`}>
              Download
            </Anchor>
          ) : (
            <Anchor component={Link} to={`/tasks/${task.id}`}>
              {ready.length} files
            </Anchor>
          ))}
      </div>
    </div>
  )
}
