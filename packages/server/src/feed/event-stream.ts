/** One message of a server-sent event stream. `data` becomes JSON on one line. */
export interface ServerEvent {
  event: string
  /** What a client sends back as Last-Event-ID; without one, the last id stays in force. */
  id?: string
  data: unknown
}

export interface EventStreamOptions {
  /** Opens the source; its signal aborts when the client is gone, the server stops or the time is over. */
  open: (signal: AbortSignal) => AsyncIterable<ServerEvent>
  /** Aborts when the client is gone or the server stops. */
  signal: AbortSignal
  /** Milliseconds of silence before a comment is sent. */
  heartbeat: number
  /** Milliseconds after which the stream ends, for the client to come back. */
  lifetime: number
  /** Milliseconds the client is to wait before it comes back. */
  reconnectDelay: number
  /** The last message, when the source has come to its end by itself. */
  end?: () => ServerEvent
  /** Told once, when the stream has ended, whoever ended it. */
  onClose?: () => void
  /** Told when the source fails; the client only sees the stream end. */
  onError: (error: unknown) => void
}

const encoder = new TextEncoder()

/**
 * A stream of server-sent events that takes the next event from its source only when the client has taken the one
 * before: a slow client slows its own feed and fills no memory.
 */
export function eventStream(options: EventStreamOptions): ReadableStream<Uint8Array> {
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  let source: AsyncIterator<ServerEvent> | undefined
  let pending: Promise<IteratorResult<ServerEvent>> | undefined
  let lifetime: NodeJS.Timeout | undefined
  let released = false

  function release(): void {
    if (released) return
    released = true
    options.onClose?.()
    clearTimeout(lifetime)
    stop.abort()
    // The source ends by its signal; return() lets one that is between two events do so too.
    source?.return?.().catch(() => {})
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        source = options.open(signal)[Symbol.asyncIterator]()
        lifetime = setTimeout(() => stop.abort(), options.lifetime).unref()
        controller.enqueue(encoder.encode(`retry: ${options.reconnectDelay}\n\n`))
      },
      async pull(controller) {
        if (!source) return
        try {
          pending ??= source.next()
          const next = await firstOf(pending, options.heartbeat, signal)
          if (next === 'silence') {
            controller.enqueue(encoder.encode(': still here\n\n'))
            return
          }
          pending = undefined
          if (next !== 'aborted' && !next.done) {
            controller.enqueue(encoder.encode(formatEvent(next.value)))
            return
          }
          if (!signal.aborted && options.end) controller.enqueue(encoder.encode(formatEvent(options.end())))
        } catch (error) {
          if (!signal.aborted) options.onError(error)
        }
        release()
        controller.close()
      },
      cancel: release,
    },
    { highWaterMark: 1 },
  )
}

/** One message, as the standard writes it. */
export function formatEvent({ event, id, data }: ServerEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** The value, or `silence` when it takes longer than `limit` milliseconds, or `aborted` when the signal is first. */
async function firstOf<T>(value: Promise<T>, limit: number, signal: AbortSignal): Promise<T | 'silence' | 'aborted'> {
  if (signal.aborted) {
    value.catch(() => {})
    return 'aborted'
  }
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const other = new Promise<'silence' | 'aborted'>((resolve) => {
    timer = setTimeout(() => resolve('silence'), limit)
    onAbort = () => resolve('aborted')
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([value, other])
  } finally {
    clearTimeout(timer)
    if (onAbort) signal.removeEventListener('abort', onAbort)
  }
}
