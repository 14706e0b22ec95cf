import type { Dispatch } from './dispatch.ts'

/** Those of which no wake-up is to come or being worked on. Each queue is asked once, however many it has. */
export async function withoutWake<Row extends { queue: string; job: string | null }>(
  dispatch: Pick<Dispatch, 'ensure' | 'live'>,
  rows: readonly Row[],
): Promise<Row[]> {
  const lost: Row[] = []
  for (const [queue, queued] of Map.groupBy(rows, (row) => row.queue)) {
    await dispatch.ensure(queue)
    const live = await dispatch.live(
      queue,
      queued.flatMap(({ job }) => job ?? []),
    )
    lost.push(...queued.filter(({ job }) => job === null || !live.has(job)))
  }
  return lost
}
