import { AsyncLocalStorage } from 'node:async_hooks'
import { ChannelClosed } from '../channel/channel.ts'

/** The step whose code runs, so that what goes wrong outside its handler's sight is still known to be its. */
export interface CurrentStep {
  taskId: string
  step: string
  /** Its handler has ended, one way or another. */
  over: boolean
  crash(error: unknown): void
}

export const currentStep = new AsyncLocalStorage<CurrentStep>()

let running: CurrentStep | undefined

/** Runs `action` as the step's code. */
export async function asCurrentStep(step: CurrentStep, action: () => Promise<void>): Promise<void> {
  running = step
  try {
    await currentStep.run(step, action)
  } finally {
    step.over = true
    running = undefined
  }
}

/**
 * Errors that no handler can catch: a rejected promise nobody waits for, a throw in a timer. They fail the step
 * that caused them. One that comes from a step which is over already is only written down: the step that
 * runs now has no part in it.
 */
export function watchForStrayErrors(): void {
  const stray = (error: unknown) => {
    // A stream the author left open is ended with its step; that is no error of the next.
    if (error instanceof ChannelClosed) return
    const owner = currentStep.getStore() ?? running
    if (owner === undefined || owner.over) console.error('An error after its step was over:', error)
    else owner.crash(error)
  }
  process.on('unhandledRejection', stray)
  process.on('uncaughtException', stray)
}
