/** Milliseconds within which two signals are one: Ctrl-C reaches this process from the terminal and through npx. */
const SAME_KEYPRESS = 500

/** How a service is asked to end. */
export interface StopSignal {
  /** Aborts with the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  /** Gives the signals back to the system's own handling. */
  release(): void
}

/** Watches for SIGINT and SIGTERM: the first asks for a graceful end, the second ends the process at once. */
export function stopSignal(onFirst: () => void): StopSignal {
  const controller = new AbortController()
  let first: number | undefined
  const heard = (name: NodeJS.Signals) => {
    if (first === undefined) {
      first = performance.now()
      onFirst()
      controller.abort()
    } else if (performance.now() - first > SAME_KEYPRESS) {
      // 128 + the signal's number, as shells report it.
      process.exit(name === 'SIGINT' ? 130 : 143)
    }
  }
  process.on('SIGINT', heard)
  process.on('SIGTERM', heard)
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', heard)
      process.off('SIGTERM', heard)
    },
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
