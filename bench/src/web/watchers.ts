import { type ClientRequest, get } from 'node:http'
import { obeyOrders } from '../order.ts'

/*
 * A process of many people who each have a page open: connections to the feed that are read and nothing more. Apart from the
 * one that measures, so that their memory and time are theirs.
 */

export type WatcherOrder = { do: 'open'; server: string; count: number } | { do: 'heard'; id: string } | { do: 'close' }
/** How many are open; or how many have heard of the task, and when the last one did (milliseconds since 1970). */
export type WatcherAnswer = { open: number } | { heard: number; last: number } | { closed: true }

const requests: ClientRequest[] = []
const heard = new Map<string, { count: number; last: number }>()

/** Opened at a time: as many as a server accepts in a moment, as after its restart. */
const AT_ONCE = 100

async function open(server: string, count: number): Promise<WatcherAnswer> {
  let opened = 0
  for (let from = 0; from < count; from += AT_ONCE) {
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, index) =>
        follow(server, from + index).then(() => {
          opened += 1
        }),
      ),
    )
  }
  return { open: opened }
}

/** Resolves with the first event: how much is unread. */
function follow(server: string, person: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer p${person}`, accept: 'text/event-stream' }
    const request = get(`${server}/api/v1/events`, { agent: false, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`The feed answers ${response.statusCode}`))
      response.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('event: inbox')) resolve()
        const id = /^data: \{"id":"([^"]+)"/m.exec(text)?.[1]
        if (id !== undefined) heard.set(id, { count: (heard.get(id)?.count ?? 0) + 1, last: Date.now() })
      })
      response.on('error', () => undefined)
    })
    request.on('error', reject)
    requests.push(request)
  })
}

obeyOrders<WatcherOrder, WatcherAnswer>(
  async (order) => {
    if (order.do === 'open') return open(order.server, order.count)
    if (order.do === 'heard') {
      const { count = 0, last = 0 } = heard.get(order.id) ?? {}
      return { heard: count, last }
    }
    for (const request of requests) request.destroy()
    return { closed: true }
  },
  (order) => order.do === 'close',
)
