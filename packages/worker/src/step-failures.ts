import { type Failure, TaskFailure, toFailure } from '@errand/task'
import { newReference } from './reference.ts'

/** An attempt that was ended because it took too long. */
export function timedOut(step: string, seconds: number): Failure {
  return toFailure(
    new TaskFailure({
      code: 'step-timed-out',
      title: 'The step took too long',
      detail: `"${step}" may take ${seconds} seconds and had not ended by then.`,
      hint: 'Run it again when there is less load; if it happens again, the step needs a longer timeout.',
      retryable: true,
    }),
    newReference(),
    step,
  )
}

/** Its thread could not even begin it, twice. */
export function notStarted(step: string): Failure {
  return toFailure(
    new TaskFailure({
      code: 'step-not-started',
      title: 'The step could not be started',
      detail: `The thread that was to run "${step}" did not answer.`,
      hint: 'Run it again. If it happens again, something in the pack keeps its threads busy after a step has ended.',
      retryable: true,
    }),
    newReference(),
    step,
  )
}

/** Its thread used more memory than it may. */
export function outOfMemory(step: string, memoryMb: number, cause?: unknown): Failure {
  return toFailure(
    new TaskFailure({
      code: 'step-out-of-memory',
      title: 'The step needed more memory than it may use',
      detail: `"${step}" used more than ${memoryMb} MiB.`,
      hint: 'Try it with less data. Whoever runs the worker can give its threads more memory.',
      retryable: true,
      cause,
    }),
    newReference(),
    step,
  )
}

/**
 * What killed a step's thread. Retryable all of them: a thread is used for many steps, and the one that filled
 * its memory need not be the one that met the limit.
 */
export function threadDied(step: string, error: unknown, memoryMb: number): Failure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return outOfMemory(step, memoryMb, error)
  }
  const exit = error instanceof Error ? /^worker exited with code: (\d+)$/.exec(error.message) : null
  if (exit) {
    return toFailure(
      new TaskFailure({
        code: 'step-exited',
        title: 'The step ended its own process',
        detail: `The code of "${step}" called process.exit(${exit[1]}) before it had a result.`,
        hint: 'A step ends by returning or throwing; whoever wrote it should replace the call.',
        retryable: true,
        cause: error,
      }),
      newReference(),
      step,
    )
  }
  return toFailure(error, newReference(), step)
}

/** The engine refused what the step returned; trying to report the same again would not help. */
export function refused(
  step: string,
  problem: { code: string; title: string; detail: string; hint?: string | undefined },
): Failure {
  return toFailure(
    new TaskFailure({
      code: problem.code,
      title: problem.title,
      detail: problem.detail,
      ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    }),
    newReference(),
    step,
  )
}
