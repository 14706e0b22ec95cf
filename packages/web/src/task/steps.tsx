import type { Step, Task } from '@errand/client'
import { Paper, Text, Title } from '@mantine/core'
import { Bar } from '../ui/bar.tsx'
import {
  attemptWords,
  failedItems,
  failedWords,
  isPaused,
  paceWords,
  progressWords,
  shownSteps,
  stepLabel,
  stepShare,
  type Tone,
} from '../words/states.ts'
import { duration } from '../words/units.ts'
import { FailedItems } from './failed-items.tsx'
import { FanOutControls } from './fan-out-controls.tsx'
import { layersOf, type Placed } from './layers.ts'
import classes from './steps.module.css'

/** What the task does, from the first moment: what is done, what runs, and, greyed, what is to come. */
export function Steps({ task, now }: { task: Task; now: number }) {
  const { id: taskId, steps } = task
  const maySteer = task.may.includes('cancel')
  const planned = shownSteps(steps).filter((step) => step.kind === 'step' || step.kind === 'fan-out')
  const cleanup = shownSteps(steps).filter((step) => !planned.includes(step))
  const layers = layersOf(planned)
  const all = cleanup.length === 0 ? layers : [...layers, cleanup.map((step) => ({ step, after: [] }))]
  return (
    <Paper withBorder p="lg" component="section" aria-labelledby="steps">
      <Title order={2} size="h4" id="steps" mb="md">
        Steps
      </Title>
      <ol className={classes.layers}>
        {all.map((layer) => (
          <li key={layer.map(({ step }) => step.name).join(' ')} className={classes.layer}>
            {layer.map((placed) => (
              <Node key={placed.step.name} taskId={taskId} maySteer={maySteer} placed={placed} now={now} />
            ))}
          </li>
        ))}
      </ol>
    </Paper>
  )
}

const tones: { readonly [State in Step['state']]: Tone } = {
  pending: 'quiet',
  ready: 'quiet',
  running: 'moving',
  retrying: 'warning',
  completed: 'good',
  failed: 'bad',
  canceled: 'quiet',
  skipped: 'quiet',
}

const signs: { readonly [State in Step['state']]: string } = {
  pending: '',
  ready: '',
  running: '',
  retrying: '↻',
  completed: '✓',
  failed: '✗',
  canceled: '–',
  skipped: '–',
}

/** Of these it does not matter any more what they waited for. */
const over: readonly Step['state'][] = ['completed', 'failed', 'canceled', 'skipped']

const listed = new Intl.ListFormat()

interface NodeProps {
  taskId: string
  /** Whether whoever looks may pause it and the like. */
  maySteer: boolean
  placed: Placed
  now: number
}

function Node({ taskId, maySteer, placed: { step, after }, now }: NodeProps) {
  const end = step.finishedAt === null ? now : Date.parse(step.finishedAt)
  const fanOut = step.kind === 'fan-out'
  const words = [progressWords(step), failedWords(step), paceWords(step, now), attemptWords(step, now)].filter(
    (part) => part !== '',
  )
  const total = step.progress?.total ?? 0
  const open = step.state === 'running' || step.state === 'retrying'
  return (
    <div
      className={classes.node}
      data-tone={tones[step.state]}
      data-state={step.state}
      aria-current={step.state === 'running' ? 'step' : undefined}
    >
      <span className={classes.sign} aria-hidden="true">
        {signs[step.state]}
      </span>
      <div className={classes.body}>
        <div className={classes.head}>
          <Text component="span" fw={600} inherit>
            {step.title}
          </Text>
          <span className={classes.time}>{step.startedAt !== null && duration(end - Date.parse(step.startedAt))}</span>
        </div>
        <span className={classes.label}>
          {isPaused(step) ? 'Paused' : stepLabel(step.state)}
          {!over.includes(step.state) && after.length > 0 && `, after ${listed.format(after)}`}
        </span>
        {words.length > 0 && <span className={classes.words}>{words.join(' · ')}</span>}
        {open && !fanOut && step.progress?.message != null && (
          <span className={classes.words}>{step.progress.message}</span>
        )}
        {step.failure !== null && open && <span className={classes.words}>{step.failure.title}</span>}
        {(open || fanOut) && total > 0 && (
          <Bar
            share={stepShare(step)}
            failed={failedItems(step) / total}
            label={`Progress of ${step.title}`}
            segmented={fanOut}
          />
        )}
        {failedItems(step) > 0 && <FailedItems taskId={taskId} step={step.name} failed={failedItems(step)} />}
        {open && fanOut && maySteer && <FanOutControls taskId={taskId} step={step} />}
      </div>
    </div>
  )
}
