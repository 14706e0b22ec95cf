import type { Paint } from '../format/paint.ts'
import type { ShownStep, ShownTask } from '../format/shown.ts'
import { attemptText, mark, progressText, stepTime, visibleSteps } from '../format/steps.ts'
import { oneLine } from '../format/table.ts'
import type { TaskDisplay } from './display.ts'

/** Milliseconds between two lines about one step's progress: a log is read later, and should stay short. */
const PROGRESS_EVERY = 10_000

/** One line for each thing that happens: for logs, pipes and terminals that cannot redraw. */
export function plainDisplay(write: (line: string) => void, paint: Paint, clock = () => new Date()): TaskDisplay {
  const states = new Map<string, string>()
  const titles = new Map<string, string>()
  const told = new Map<string, number>()
  let waiting: string | null = null

  function step(found: ShownStep): void {
    const now = clock()
    titles.set(found.name, found.title)
    const state = `${found.state}/${found.attempt}`
    const changed = states.get(found.name) !== state
    states.set(found.name, state)
    if (changed && shown.has(found.state)) {
      const parts = [oneLine(found.title), stepTime(found, now), attemptText(found, now), failed(found)]
      write(`${mark(found.state, paint)} ${parts.filter((part) => part !== '').join('  ')}`)
    }
    if (changed) told.set(found.name, now.getTime())
    if (found.state !== 'running' || found.progress === null) return
    if (now.getTime() - (told.get(found.name) ?? 0) < PROGRESS_EVERY) return
    told.set(found.name, now.getTime())
    write(`  ${oneLine(found.title)}  ${progressText(found.progress)}`)
  }

  return {
    update(task: ShownTask) {
      for (const found of visibleSteps(task.steps)) step(found)
      if (task.waiting !== waiting && task.waiting !== null) write(`  ${oneLine(task.waiting)}`)
      waiting = task.waiting
    },
    log: (name, message) => write(`  ${logText(titles.get(name), message)}`),
    connection: (state) =>
      write(state === 'lost' ? '  The server cannot be reached; trying again' : '  Connected again'),
    close: () => {},
  }
}

/** Whose line it is, as steps may run side by side. */
export function logText(title: string | undefined, message: string): string {
  return title === undefined ? oneLine(message) : `${oneLine(title)}: ${oneLine(message)}`
}

const shown: ReadonlySet<string> = new Set(['retrying', 'completed', 'failed', 'canceled', 'skipped'])

function failed(step: ShownStep): string {
  return step.state === 'failed' && step.failure !== null ? oneLine(step.failure.title) : ''
}
