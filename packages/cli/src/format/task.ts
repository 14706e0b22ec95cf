import type { Paint } from './paint.ts'
import type { ShownArtifact, ShownFailure, ShownTask } from './shown.ts'
import { attemptText, mark, progressText, stepTime, visibleSteps } from './steps.ts'
import { oneLine, table } from './table.ts'
import { bytes, duration, relative } from './units.ts'

/** How the task stands, as a person says it: `Running for 3.2 s, step 2 of 6`. */
export function stateSentence(task: ShownTask, now: Date): string {
  const start = Date.parse(task.startedAt ?? task.createdAt)
  const span = duration((task.finishedAt === null ? now.getTime() : Date.parse(task.finishedAt)) - start)
  const waiting = task.waiting === null ? '' : `: ${oneLine(task.waiting)}`
  switch (task.state) {
    case 'pending':
      return task.waiting === null ? 'Waiting to start' : capital(oneLine(task.waiting))
    case 'running': {
      const steps = task.steps.filter((step) => step.kind === 'step' || step.kind === 'fan-out')
      const over = steps.filter((step) => step.finishedAt !== null).length
      return `Running for ${span}, ${over} of ${steps.length} steps done${waiting}`
    }
    case 'canceling':
      return `Being canceled${waiting}`
    case 'completed':
      return `Completed in ${span}`
    case 'completed_with_errors':
      return `Completed with errors in ${span}`
    case 'failed':
      return `Failed after ${span}`
    case 'canceled':
      return `Canceled after ${span}`
  }
}

/** The failure as its user may act on it: what, the particulars, what to do, what to quote. */
export function failureLines(failure: ShownFailure): string[] {
  const lines = [failure.title, ...failure.detail.split('\n').filter((line) => line !== '')]
  if (failure.hint !== undefined) lines.push(`What to do: ${failure.hint}`)
  lines.push(`Reference: ${failure.reference}`)
  return lines.map(oneLine)
}

/** `23.4 MB, until 3 Mar 2027 (in 89 days)`, or what became of the file. */
export function artifactStatus(artifact: ShownArtifact, now: Date): string {
  const size = artifact.size === null ? '' : bytes(artifact.size)
  if (artifact.state === 'writing') return 'being written'
  if (artifact.state === 'available') {
    if (artifact.expiresAt === null) return `${size}, kept for ever`
    const until = new Date(artifact.expiresAt)
    return `${size}, until ${day(until)} (${relative(until, now)})`
  }
  const when = artifact.endedAt === null ? '' : ` ${day(new Date(artifact.endedAt))}`
  const by = artifact.endedBy === null || artifact.endedBy === 'errand' ? '' : ` by ${oneLine(artifact.endedBy)}`
  // Whoever deletes a file gives no reason.
  const silent = artifact.endedReason === null || (artifact.state === 'deleted' && by !== '')
  const why = silent ? '' : `: ${oneLine(artifact.endedReason ?? '')}`
  return `${artifact.state}${when}${by}${why}`
}

/** Everything about a task on one screen. */
export function taskPage(task: ShownTask, now: Date, paint: Paint): string {
  const sections: string[] = [
    [
      `${paint('bold', oneLine(task.title))}  ${task.definition}@${task.version}`,
      `${paint(stateStyle(task.state), stateSentence(task, now))}`,
      paint(
        'dim',
        [task.id, oneLine(task.scope), `by ${oneLine(task.owner.name)}, ${relative(new Date(task.createdAt), now)}`]
          .filter((part) => part !== '')
          .join('  '),
      ),
    ].join('\n'),
    stepTable(task, now, paint),
  ]
  if (task.artifacts.length > 0) {
    const files = table(
      [
        { title: 'FILE', value: (artifact: ShownArtifact) => artifact.slot },
        { title: 'NAME', value: (artifact) => artifact.filename },
        { title: 'STATUS', value: (artifact) => artifactStatus(artifact, now) },
      ],
      task.artifacts,
    )
    sections.push(files)
  }
  if (task.failure !== null) sections.push(failureLines(task.failure).join('\n'))
  return sections.join('\n\n')
}

function stepTable(task: ShownTask, now: Date, paint: Paint): string {
  const steps = visibleSteps(task.steps)
  const body = table(
    [
      { title: '', value: (step) => step.title },
      { title: '', value: (step) => stepTime(step, now), align: 'right' },
      {
        title: '',
        value: (step) =>
          [attemptText(step, now), step.progress === null ? '' : progressText(step.progress)]
            .filter(Boolean)
            .join('  '),
      },
    ],
    steps,
  )
  // The first line is the titles, which are empty here; the marks go before it as colours would spoil its widths.
  return body
    .split('\n')
    .slice(1)
    .map((line, index) => `${mark(steps[index]?.state ?? 'pending', paint)} ${line}`)
    .join('\n')
}

export function stateStyle(state: ShownTask['state']): 'green' | 'red' | 'yellow' | 'cyan' {
  if (state === 'completed') return 'green'
  if (state === 'failed') return 'red'
  return state === 'running' || state === 'pending' ? 'cyan' : 'yellow'
}

const day = (date: Date) => date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
