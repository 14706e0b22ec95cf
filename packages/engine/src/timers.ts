import type { Logger } from 'pino'

/**
 * Does something again and again, never twice at once; what fails is logged and tried again the next time. The first
 * round comes after a random part of the interval, so that nodes started together do not work in step.
 */
export function repeat(interval: number, logger: Logger, action: () => Promise<unknown>): { stop(): Promise<void> } {
  let stopped = false
  let running: Promise<unknown> = Promise.resolve()
  let timer: NodeJS.Timeout
  const schedule = (wait: number) => {
    timer = setTimeout(() => {
      running = action()
        .catch((error: unknown) => logger.warn({ err: error }, 'upkeep failed; it is tried again'))
        .finally(() => {
          if (!stopped) schedule(interval)
        })
    }, wait)
    timer.unref()
  }
  schedule(interval * Math.random())
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
