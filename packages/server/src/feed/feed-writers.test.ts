import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { ServerEvent } from './event-stream.ts'
import { type FeedAnswer, FeedWriters } from './feed-writers.ts'

let server: Server | undefined
afterEach(() => server?.closeAllConnections())

/** Opens one feed over a real connection. */
async function opened(answer: Partial<FeedAnswer> & Pick<FeedAnswer, 'open'>, heartbeat = 60_000) {
  const feeds = new FeedWriters(heartbeat)
  const closed = Promise.withResolvers<void>()
  server = createServer((_request, outgoing) => {
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    feeds.open(outgoing, {
      lifetime: 60_000,
      reconnectDelay: 500,
      onClose: closed.resolve,
      onError: (error) => {
        throw error
      },
      ...answer,
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const request = get({ port: (server.address() as AddressInfo).port, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.setEncoding('utf8')
  return { feeds, response, closed: closed.promise }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response) text += chunk
  return text
}

async function* list(...events: ServerEvent[]): AsyncGenerator<ServerEvent> {
  yield* events
}

/** A source that says nothing until its signal aborts. */
async function* silent(signal: AbortSignal): AsyncGenerator<ServerEvent> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
}

const end = () => ({ event: 'end', data: null })

test('writes events as the standard says, and the end last', async () => {
  const { response, closed } = await opened({
    open: () => list({ event: 'transition', id: '1', data: { to: 'line\nbreak' } }, { event: 'log', data: 'x' }),
    end,
  })
  expect(await textOf(response)).toBe(
    'retry: 500\n\nid: 1\nevent: transition\ndata: {"to":"line\\nbreak"}\n\nevent: log\ndata: "x"\n\nevent: end\ndata: null\n\n',
  )
  await closed
})

test('says that it is there while nothing happens, and loses no event by it', async () => {
  const happening = Promise.withResolvers<void>()
  const { response } = await opened(
    {
      open: async function* () {
        await happening.promise
        yield { event: 'log', data: 1 }
      },
    },
    1,
  )
  let text = ''
  for await (const chunk of response) {
    text += chunk
    if (text.split(': still here\n\n').length > 2) happening.resolve()
  }
  expect(text).toMatch(/^retry: 500\n\n(: still here\n\n){2,}event: log\ndata: 1\n\n(: still here\n\n)*$/)
})

test('ends its source when the client goes', async () => {
  const ended = Promise.withResolvers<void>()
  const { response, closed } = await opened({
    open: async function* (signal) {
      yield* silent(signal)
      ended.resolve()
    },
  })
  response.destroy()
  await Promise.all([closed, ended.promise])
})

test('ends without the last message when the server stops or its time is over', async () => {
  const stopped = await opened({ open: silent, end })
  stopped.feeds.close()
  expect(await textOf(stopped.response)).toBe('retry: 500\n\n')
  await stopped.closed
  const over = await opened({ open: silent, end, lifetime: 1 }, 1)
  expect(await textOf(over.response)).toMatch(/^retry: 500\n\n(: still here\n\n)*$/)
})

test('takes from its source only what the client has taken', async () => {
  let made = 0
  const full = Promise.withResolvers<void>()
  const data = 'x'.repeat(1_000_000)
  const { response, closed } = await opened({
    open: async function* () {
      for (; made < 1_000; made++) {
        // The buffers of both sides hold some megabytes; what waits behind them is asked for no more.
        setImmediate(() => setImmediate(full.resolve))
        yield { event: 'log', data }
      }
    },
  })
  await full.promise
  expect(made).toBeLessThan(100)
  response.destroy()
  await closed
})

test('a source that fails ends the stream, and is told to the operator alone', async () => {
  const errors: unknown[] = []
  const { response } = await opened({
    open: async function* () {
      yield { event: 'log', data: 1 }
      throw new Error('secret')
    },
    end,
    onError: (error) => errors.push(error),
  })
  expect(await textOf(response)).toBe('retry: 500\n\nevent: log\ndata: 1\n\n')
  expect(String(errors)).toBe('Error: secret')
})
