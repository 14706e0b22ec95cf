import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

type Reply<Answer> = { ok: true; answer: Answer } | { ok: false; error: string }

/**
 * Tells a forked process to do something, and waits for its answer. One order at a time for each process.
 *
 * @throws {Error} with the stack of what went wrong there, or when it ended
 */
export async function order<Order extends object, Answer>(child: ChildProcess, what: Order): Promise<Answer> {
  const abort = new AbortController()
  const died = once(child, 'exit', { signal: abort.signal }).then(
    (): Reply<Answer> => ({ ok: false, error: 'its process ended' }),
    (): Reply<Answer> => ({ ok: false, error: 'aborted' }),
  )
  child.send(what)
  const heard = once(child, 'message', { signal: abort.signal }).then(([reply]) => reply as Reply<Answer>)
  heard.catch(() => undefined)
  const reply = await Promise.race([heard, died])
  abort.abort()
  if (!reply.ok) throw new Error(reply.error)
  return reply.answer
}

/** The other side: obeys each order that comes. @param isLast - the process ends after such an order */
export function obeyOrders<Order, Answer>(
  obey: (order: Order) => Promise<Answer>,
  isLast: (order: Order) => boolean,
): void {
  process.on('message', (what: Order) => {
    obey(what)
      .then(
        (answer): Reply<Answer> => ({ ok: true, answer }),
        (error: unknown): Reply<Answer> => ({
          ok: false,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }),
      )
      .then((reply) => process.send?.(reply, () => isLast(what) && process.exit(0)))
  })
}
