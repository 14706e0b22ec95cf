import type { StepState } from '@errand/task'
import type { Paint, Style } from './paint.ts'
import type { ShownProgress, ShownStep } from './shown.ts'
import { oneLine } from './table.ts'
import { count, countOf, duration } from './units.ts'

const marks: { readonly [State in StepState]: readonly [mark: string, style: Style] } = {
  pending: ['·', 'dim'],
  ready: ['·', 'dim'],
  running: ['▸', 'cyan'],
  retrying: ['↻', 'yellow'],
  completed: ['✓', 'green'],
  failed: ['✗', 'red'],
  canceled: ['⊘', 'yellow'],
  skipped: ['–', 'dim'],
}

/** One sign for a state, so that a column of steps can be read at a glance. */
export function mark(state: StepState, paint: Paint): string {
  const [sign, style] = marks[state]
  return paint(style, sign)
}

/** The steps to show: clean-up steps stand outside the plan, and are there once they have something to do. */
export function visibleSteps<Step extends Pick<ShownStep, 'kind' | 'state'>>(steps: readonly Step[]): Step[] {
  const idle: readonly StepState[] = ['pending', 'skipped', 'canceled']
  return steps.filter((step) => step.kind === 'step' || step.kind === 'fan-out' || !idle.includes(step.state))
}

/** `0.4 s` since the step began; empty before that. */
export function stepTime(step: Pick<ShownStep, 'startedAt' | 'finishedAt'>, now: Date): string {
  if (step.startedAt === null) return ''
  const end = step.finishedAt === null ? now.getTime() : Date.parse(step.finishedAt)
  return duration(end - Date.parse(step.startedAt))
}

/** `1,200 of 2,500 files`, and what the step says of it. */
export function progressText(progress: ShownProgress): string {
  const { done, total, unit, message } = progress
  const counted = total === null ? (done > 0 ? count(done, unit) : '') : countOf(done, total, unit)
  return [counted, oneLine(message ?? '')].filter((part) => part !== '').join('  ')
}

/** `━━━━━━────── 48 %`; empty where the total is not known. */
export function progressBar(progress: ShownProgress, width: number, paint: Paint): string {
  if (progress.total === null || progress.total <= 0) return ''
  const share = Math.min(1, Math.max(0, progress.done / progress.total))
  const full = Math.round(share * width)
  const percent = String(Math.floor(share * 100)).padStart(3)
  return `${paint('cyan', '━'.repeat(full))}${paint('dim', '─'.repeat(width - full))} ${percent} %`
}

/** What a step in trouble is waiting for, or that it needed more than one attempt. */
export function attemptText(step: ShownStep, now: Date): string {
  if (step.state === 'retrying') {
    const wait = step.retryAt === null ? '' : ` in ${duration(Date.parse(step.retryAt) - now.getTime())}`
    const why = step.failure === null ? '' : `: ${oneLine(step.failure.title)}`
    return `attempt ${step.attempt + 1} of ${step.attempts}${wait}${why}`
  }
  return step.attempt > 1 ? `attempt ${step.attempt} of ${step.attempts}` : ''
}
