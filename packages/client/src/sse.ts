import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { FEED_SILENCE, MAX_EVENT } from './config.ts'
import { ServerUnreachable } from './errors.ts'
import type { Transport } from './transport.ts'

/**
 * The events of one connection, until it ends. A connection that is silent for longer than the server's heartbeat
 * allows is dead, whatever the operating system believes, and is ended.
 *
 * @throws {ServerUnreachable} when the connection breaks, or falls silent
 */
export async function* readEvents(
  transport: Transport,
  path: string,
  options: { lastEventId?: string; signal?: AbortSignal; silence?: number; onOpen?: () => void },
): AsyncGenerator<EventSourceMessage> {
  const connection = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, connection.signal]) : connection.signal
  const headers = new Headers({ Accept: 'text/event-stream' })
  if (options.lastEventId !== undefined) headers.set('Last-Event-ID', options.lastEventId)
  const silence = options.silence ?? FEED_SILENCE
  const dead = () => connection.abort(new ServerUnreachable(transport.server, new Error(`Silent for ${silence} ms`)))
  let timer = setTimeout(dead, silence)
  try {
    const request = new Request(transport.url(path), { headers, signal, cache: 'no-store' })
    const { body } = await transport.send(request)
    if (!body) return
    options.onOpen?.()
    const arrived: EventSourceMessage[] = []
    const parser = createParser({ onEvent: (event) => arrived.push(event), maxBufferSize: MAX_EVENT })
    const decoder = new TextDecoder()
    const reader = body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      clearTimeout(timer)
      parser.feed(decoder.decode(value, { stream: true }))
      // Not timed: how long the reader of these takes says nothing about the connection.
      yield* arrived.splice(0)
      timer = setTimeout(dead, silence)
    }
  } catch (error) {
    options.signal?.throwIfAborted()
    if (connection.signal.aborted) throw connection.signal.reason
    throw error instanceof TypeError ? new ServerUnreachable(transport.server, error) : error
  } finally {
    clearTimeout(timer)
    connection.abort()
  }
}
