import type { Access, Allowance, Artifact, Definition, Step, Task, TaskState, TaskSummary } from '@errand/client'
import { count, day, duration, moment, until } from './units.ts'

/** The colour of a state: what is well, what moves, what wants a look, what failed, and the rest. */
export type Tone = 'good' | 'moving' | 'warning' | 'bad' | 'quiet'

const taskWords: { readonly [State in TaskState]: { label: string; tone: Tone } } = {
  pending: { label: 'Waiting', tone: 'quiet' },
  running: { label: 'Running', tone: 'moving' },
  canceling: { label: 'Being canceled', tone: 'warning' },
  completed: { label: 'Completed', tone: 'good' },
  completed_with_errors: { label: 'Completed with errors', tone: 'warning' },
  failed: { label: 'Failed', tone: 'bad' },
  canceled: { label: 'Canceled', tone: 'quiet' },
}

/** All states of a task, in the order in which it passes them. */
export const taskStates = Object.keys(taskWords) as TaskState[]

/** Those in which a task is not over. */
export const openStates: TaskState[] = ['pending', 'running', 'canceling']

/** A state of a task in one or two words. */
export const labelOf = (state: TaskState): string => taskWords[state].label
export const toneOf = (state: TaskState): Tone => taskWords[state].tone

/** The steps that a person follows; clean-up stands outside the plan and shows once it has something to do. */
export function shownSteps(steps: readonly Step[]): Step[] {
  const idle: readonly Step['state'][] = ['pending', 'skipped', 'canceled']
  return steps.filter((step) => isPlanned(step) || !idle.includes(step.state))
}

const isPlanned = (step: Step) => step.kind === 'step' || step.kind === 'fan-out'

/** How the task stands, as a person says it: `Step 2 of 4: Write the archive`. */
export function sentenceOf(task: TaskSummary, now: number): string {
  const began = Date.parse(task.startedAt ?? task.createdAt)
  const span = duration((task.finishedAt === null ? now : Date.parse(task.finishedAt)) - began)
  switch (task.state) {
    case 'pending':
      return task.waiting === null ? 'Waiting to start' : capital(task.waiting)
    case 'running':
      return runningSentence(task)
    case 'canceling':
      return 'Being canceled: what runs is ending'
    case 'completed':
      return `Completed in ${span}`
    case 'completed_with_errors':
      return `Completed in ${span}, with errors`
    case 'failed':
      return task.failure === null ? `Failed after ${span}` : task.failure.title
    case 'canceled':
      return `Canceled after ${span}`
  }
}

/** How long it has run, where the sentence does not say it: `running for 3 min`, `ran for 3 min`. */
export function spentWords({ finishedAt, startedAt, state }: TaskSummary, now: number): string {
  if (startedAt === null) return ''
  if (finishedAt === null) return `running for ${duration(now - Date.parse(startedAt))}`
  return state === 'failed' ? `ran for ${duration(Date.parse(finishedAt) - Date.parse(startedAt))}` : ''
}

/** `Asked for Nov 25, 2026, 1:00 PM UTC. Began …. Ended ….` */
export function whenWords({ createdAt, finishedAt, startedAt }: TaskSummary): string {
  const times = [
    ['Asked for', createdAt],
    ['Began', startedAt],
    ['Ended', finishedAt],
  ] as const
  return times.flatMap(([what, at]) => (at === null ? [] : [`${what} ${moment(at)}.`])).join(' ')
}

function runningSentence(task: TaskSummary): string {
  const planned = task.steps.filter(isPlanned)
  const current = task.steps.find((step) => step.state === 'running' || step.state === 'retrying')
  if (current === undefined) return task.waiting === null ? 'Between two steps' : capital(task.waiting)
  const place = planned.indexOf(current) + 1
  const where = place === 0 ? 'Cleaning up' : `Step ${place} of ${planned.length}`
  return `${where}: ${current.title}${isPaused(current) ? ' (paused)' : ''}`
}

/** `1,200 of 2,500 files`; empty where nothing was counted. */
export function progressWords(step: Pick<Step, 'progress'>): string {
  if (step.progress === null) return ''
  const { done, total, unit } = step.progress
  const name = unit === null ? '' : ` ${unit}`
  if (total === null) return done > 0 ? `${count(done)}${name}` : ''
  return `${count(done)} of ${count(total)}${name}`
}

/** How much of a task is done, from 0 to 1: each planned step counts the same, and the running ones by their progress. */
export function shareOf(task: Pick<TaskSummary, 'steps' | 'state'>): number {
  if (task.state === 'completed' || task.state === 'completed_with_errors') return 1
  const planned = task.steps.filter(isPlanned)
  const parts = planned.map((step) => {
    if (step.state === 'completed' || step.state === 'skipped') return 1
    return step.state === 'running' ? stepShare(step) : 0
  })
  return planned.length === 0 ? 0 : parts.reduce((sum, part) => sum + part, 0) / planned.length
}

/** How much of a step is done, from 0 to 1; 0 where its total is not known. */
export function stepShare({ progress }: Pick<Step, 'progress'>): number {
  if (progress === null || progress.total === null || progress.total <= 0) return 0
  return Math.min(1, Math.max(0, progress.done / progress.total))
}

const stepLabels: { readonly [State in Step['state']]: string } = {
  pending: 'To come',
  ready: 'Next',
  running: 'Running',
  retrying: 'Will be tried again',
  completed: 'Done',
  failed: 'Failed',
  canceled: 'Canceled',
  skipped: 'Skipped',
}

/** A state of a step in a few words. */
export const stepLabel = (state: string): string => (state in stepLabels ? stepLabels[state as Step['state']] : state)

/** `Attempt 2 of 5, next in 40 s`; empty for a first attempt. */
export function attemptWords(step: Step, now: number): string {
  if (step.state === 'retrying') {
    const wait = step.retryAt === null ? '' : `, next in ${duration(Date.parse(step.retryAt) - now)}`
    return `Attempt ${step.attempt} of ${step.attempts} failed${wait}`
  }
  return step.attempt > 1 ? `Attempt ${step.attempt} of ${step.attempts}` : ''
}

/** Whether no more of its items are begun until somebody goes on. */
export const isPaused = ({ progress, state }: Pick<Step, 'progress' | 'state'>): boolean =>
  state === 'running' && progress?.paused === true

/** How many of its items have failed; 0 for a step that has none. */
export const failedItems = ({ progress }: Pick<Step, 'progress'>): number => progress?.failed ?? 0

/** `3 failed`; empty where none has. */
export function failedWords(step: Pick<Step, 'progress'>): string {
  const failed = failedItems(step)
  return failed === 0 ? '' : `${count(failed)} failed`
}

/** `120 a second, about 3 min left`; empty until there is enough to say so. What the server worked out comes first. */
export function paceWords(step: Step, now: number): string {
  const { progress, startedAt } = step
  if (step.state !== 'running' || progress === null || progress.paused === true) return ''
  if (progress.rate !== undefined) return pace(progress.rate, (progress.secondsLeft ?? 0) * 1_000)
  // Items come in flushes: what has no rate yet has nothing to work one out from.
  if (step.kind === 'fan-out' || progress.total === null || startedAt === null) return ''
  const seconds = (now - Date.parse(startedAt)) / 1_000
  if (seconds < 2 || progress.done === 0) return ''
  const rate = progress.done / seconds
  return pace(rate, ((progress.total - progress.done) / rate) * 1_000)
}

function pace(rate: number, left: number): string {
  const words = rateWords(rate)
  return left < 1_000 ? words : `${words}, about ${duration(left)} left`
}

/** In the largest unit of time that makes it one or more. */
function rateWords(rate: number): string {
  if (rate >= 1) return `${count(Math.round(rate))} a second`
  if (rate * 60 >= 1) return `${count(Math.round(rate * 60))} a minute`
  return rate * 3_600 >= 1 ? `${count(Math.round(rate * 3_600))} an hour` : 'less than 1 an hour'
}

/** What became of a file, or how long it will be there. */
export function fateOf(artifact: Artifact, now: number): string {
  switch (artifact.state) {
    case 'writing':
      return 'Being written'
    case 'available': {
      const once = typeof artifact.keep === 'object' && artifact.keep.once === true ? 'One download only' : undefined
      const kept =
        artifact.expiresAt === null
          ? once === undefined
            ? 'Kept until it is deleted'
            : undefined
          : `Kept until ${day(artifact.expiresAt)}, ${until(artifact.expiresAt, now)}`
      return [once, kept].filter((part) => part !== undefined).join('. ')
    }
    case 'consumed':
      return gone('Downloaded', artifact)
    case 'expired':
      return gone('Expired', artifact)
    case 'deleted':
      return gone('Deleted', artifact)
  }
}

function gone(what: string, { endedAt, endedReason }: Artifact): string {
  const when = endedAt === null ? '' : ` on ${day(endedAt)}`
  return endedReason === null ? `${what}${when}` : `${what}${when}: ${endedReason}`
}

/** What somebody did with a file: `Ada downloaded it`. */
export function accessWords({ action, complete, range, who }: Access): string {
  switch (action) {
    case 'download':
      if (complete === false) return `${who.name} began to download it, and did not get all of it`
      return `${who.name} downloaded ${range === null ? 'it' : 'a part of it'}`
    case 'extend':
      return `${who.name} had it kept longer`
    case 'delete':
      return `${who.name} deleted it`
    case 'consume':
      return `It went with the download by ${who.name}`
    case 'expire':
      return 'Its time was over'
  }
}

/** Where a failed task failed; its failure says what happened. */
export function failedSentence(task: TaskSummary, now: number): string {
  const planned = task.steps.filter(isPlanned)
  const place = planned.findIndex(({ state }) => state === 'failed')
  const step = planned[place]
  return step === undefined
    ? sentenceOf({ ...task, failure: null }, now)
    : `Failed at step ${place + 1} of ${planned.length}: ${step.title}`
}

type Act = Pick<TaskSummary, 'state' | 'may'>

/** Why the task cannot be canceled, or `undefined` where it can. */
export function whyNoCancel(task: Act): string | undefined {
  if (!task.may.includes('cancel')) return NOT_YOURS
  if (task.state === 'canceling') return 'It is being canceled already'
  return task.state === 'pending' || task.state === 'running' ? undefined : 'It is over'
}

/** Why the task cannot be deleted, or `undefined` where it can. */
export function whyNoDelete(task: Act): string | undefined {
  if (!task.may.includes('delete')) return 'Only its owner and the platform’s staff may'
  return isOpen(task) ? 'It is not over yet: cancel it first' : undefined
}

const NOT_YOURS = 'Only its owner and staff may'

const isOpen = ({ state }: Pick<Task, 'state'>) => openStates.includes(state)

/** Why the task cannot be run again, or `undefined` where it can. */
export function whyNoRetry(task: Act): string | undefined {
  if (!task.may.includes('retry')) return NOT_YOURS
  return isOpen(task) ? 'It is not over yet' : undefined
}

/** Why the failed items alone cannot be done again, or `undefined` where they can. */
export function whyNoItemRetry(task: Act & Pick<Task, 'steps'>): string | undefined {
  const over = whyNoRetry(task)
  if (over !== undefined) return over
  if (!task.steps.some((step) => failedItems(step) > 0)) return 'None of its items has failed'
  return task.state === 'completed_with_errors'
    ? undefined
    : 'They are not all that is missing, as it did not get to its end: retry the whole task'
}

/** Why another like it cannot be started, or `undefined` where it can, or that is not known yet. */
export function whyNoStart(allowance: Pick<Allowance, 'mayStart' | 'refusal'> | undefined): string | undefined {
  if (allowance === undefined) return undefined
  return allowance.mayStart ? (allowance.refusal ?? undefined) : 'Whoever starts this needs a role in what it is about'
}

/** Why a file cannot be kept longer, or deleted, or `undefined` where it can. */
export const whyNoFile = ({ may }: Pick<Artifact, 'may'>, act: Artifact['may'][number]): string | undefined =>
  may.includes(act) ? undefined : 'Only those who answer for it may'

/** What a task is about, as people know it: `course:course-v1:Org+A+1` without the kind in front. */
export const subjectOf = (scope: string): string => scope.slice(scope.indexOf(':') + 1)

/** What a definition makes, and who sees it. */
interface Declared extends Pick<Definition, 'name' | 'version'> {
  shape: { artifacts: Readonly<Record<string, Pick<Artifact, 'visibility'>>> }
}

/** Who finds the task. A team finds those of definitions that make something for it. */
export function seenBy(
  { artifacts, definition, owner, version }: Pick<TaskSummary, 'artifacts' | 'definition' | 'owner' | 'version'>,
  definitions: readonly Declared[] = [],
): string {
  const declared = definitions.find((one) => one.name === definition && one.version === version)
  const outputs = declared === undefined ? artifacts : Object.values(declared.shape.artifacts)
  const team = outputs.some(({ visibility }) => visibility === 'team')
  return `${owner.name}, ${team ? 'the team and staff' : 'the staff'} of what it is about, and the platform’s staff`
}

/** `courseKey` and `course_key` are `Course key`. */
export function fieldLabel(name: string): string {
  const words = name
    .replaceAll(/[-_]+/g, ' ')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
  return capital(words)
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
