/**
 * Runs many small requests as few big ones: while one batch is under way, all that comes meanwhile gathers for the
 * next. A lone request waits for nothing.
 */
export type Batched<In, Out> = (input: In) => Promise<Out>

/** What became of one request of a batch. */
export type Outcome<Out> = { ok: true; value: Out } | { ok: false; error: unknown }

/**
 * @param run - answers each request of the batch, in order. If it throws, each request is run again alone, so that one
 *   bad request does not fail its neighbours.
 * @param options.max - requests in one batch
 * @param options.parallel - batches under way at once
 * @param options.slow - batches that are under way for longer than `after` milliseconds, as they wait for a lock, no longer keep
 *   the next from beginning: `most` of them at once
 */
export function batched<In, Out>(
  run: (inputs: readonly In[]) => Promise<readonly Outcome<Out>[]>,
  options: { max: number; parallel: number; slow?: { after: number; most: number } },
): Batched<In, Out> {
  type Waiting = { input: In; resolve: (value: Out) => void; reject: (error: unknown) => void }
  const waiting: Waiting[] = []
  let running = 0
  let slow = 0

  const settle = (entry: Waiting, outcome: Outcome<Out> | undefined) => {
    if (outcome === undefined) entry.reject(new Error('A batch gave no answer.'))
    else if (outcome.ok) entry.resolve(outcome.value)
    else entry.reject(outcome.error)
  }
  const runOne = async (entry: Waiting) => {
    try {
      settle(entry, (await run([entry.input]))[0])
    } catch (error) {
      entry.reject(error)
    }
  }
  const next = async () => {
    if (running >= options.parallel || waiting.length === 0) return
    running++
    let isSlow = false
    const timer =
      options.slow &&
      setTimeout(
        ({ most }) => {
          if (slow >= most) return
          isSlow = true
          slow++
          running--
          void next()
        },
        options.slow.after,
        options.slow,
      )
    const batch = waiting.splice(0, options.max)
    try {
      if (batch.length === 1 && batch[0] !== undefined) await runOne(batch[0])
      else {
        const outcomes = await run(batch.map(({ input }) => input)).catch(() => undefined)
        if (outcomes === undefined) for (const entry of batch) await runOne(entry)
        else for (const [index, entry] of batch.entries()) settle(entry, outcomes[index])
      }
    } finally {
      clearTimeout(timer)
      if (isSlow) slow--
      else running--
      void next()
    }
  }
  return (input) =>
    new Promise((resolve, reject) => {
      waiting.push({ input, resolve, reject })
      // After this turn of the event loop, so that requests made together travel together.
      setImmediate(() => void next())
    })
}
