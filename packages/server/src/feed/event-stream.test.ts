import { expect, test } from 'vitest'
import { type EventStreamOptions, eventStream, type ServerEvent } from './event-stream.ts'

const defaults = {
  signal: new AbortController().signal,
  heartbeat: 60_000,
  lifetime: 60_000,
  reconnectDelay: 500,
  onError: (error: unknown) => {
    throw error
  },
}

function textOf(options: Partial<EventStreamOptions> & Pick<EventStreamOptions, 'open'>): Promise<string> {
  return new Response(eventStream({ ...defaults, ...options })).text()
}

async function* list(...events: ServerEvent[]): AsyncGenerator<ServerEvent> {
  yield* events
}

/** A source that says nothing until its signal aborts. */
async function* silent(signal: AbortSignal): AsyncGenerator<ServerEvent> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
}

test('writes events as the standard says, and the end last', async () => {
  const text = await textOf({
    open: () => list({ event: 'transition', id: '1', data: { to: 'line\nbreak' } }, { event: 'log', data: 'x' }),
    end: () => ({ event: 'end', data: { state: 'completed' } }),
  })
  expect(text).toBe(
    'retry: 500\n\n' +
      'id: 1\nevent: transition\ndata: {"to":"line\\nbreak"}\n\n' +
      'event: log\ndata: "x"\n\n' +
      'event: end\ndata: {"state":"completed"}\n\n',
  )
})

test('says that it is there while nothing happens, and loses no event by it', async () => {
  let happen: (() => void) | undefined
  const happening = new Promise<void>((resolve) => {
    happen = resolve
  })
  const reader = eventStream({
    ...defaults,
    heartbeat: 1,
    open: async function* () {
      await happening
      yield { event: 'log', data: 1 }
    },
  }).getReader()
  const next = async () => new TextDecoder().decode((await reader.read()).value)
  expect(await next()).toBe('retry: 500\n\n')
  expect(await next()).toBe(': still here\n\n')
  expect(await next()).toBe(': still here\n\n')
  happen?.()
  let text = await next()
  while (text.startsWith(':')) text = await next()
  expect(text).toBe('event: log\ndata: 1\n\n')
})

test('ends its source when the client goes', async () => {
  let signal: AbortSignal | undefined
  const reader = eventStream({
    ...defaults,
    open: (given) => {
      signal = given
      return silent(given)
    },
  }).getReader()
  await reader.read()
  await reader.cancel()
  expect(signal?.aborted).toBe(true)
})

test('ends without the last message when the server stops or its time is over', async () => {
  const stop = new AbortController()
  const end = () => ({ event: 'end', data: null })
  const stopped = textOf({ open: silent, end, signal: stop.signal })
  stop.abort()
  expect(await stopped).toBe('retry: 500\n\n')
  expect(await textOf({ open: silent, end, lifetime: 1 })).toBe('retry: 500\n\n')
})

test('takes from its source only what the client has taken', async () => {
  let made = 0
  const reader = eventStream({
    ...defaults,
    open: async function* () {
      for (;;) yield { event: 'log', data: ++made }
    },
  }).getReader()
  for (let read = 0; read < 10; read++) await reader.read()
  expect(made).toBeLessThanOrEqual(11)
  await reader.cancel()
})

test('a source that fails ends the stream, and is told to the operator alone', async () => {
  const errors: unknown[] = []
  const text = await textOf({
    open: async function* () {
      yield { event: 'log', data: 1 }
      throw new Error('secret')
    },
    end: () => ({ event: 'end', data: null }),
    onError: (error) => errors.push(error),
  })
  expect(text).toBe('retry: 500\n\nevent: log\ndata: 1\n\n')
  expect(String(errors)).toBe('Error: secret')
})
