import type { Readable, Writable } from 'node:stream'
import type { MessagePort } from 'node:worker_threads'
import { Incoming } from './incoming.ts'
import { isAlone } from './memory.ts'
import type { Message } from './messages.ts'
import { Outgoing, type OutgoingOptions } from './outgoing.ts'
import { fromPlainError, toPlainError } from './plain-error.ts'

/** What one end does for the other. */
export interface ChannelHandlers {
  /** Answers a request; what it throws is thrown at the other end. */
  call?(method: string, args: unknown): Promise<unknown>
  note?(name: string, value: unknown): void
  closed?(): void
}

/** Thrown by what was under way when the other end went away. */
export class ChannelClosed extends Error {
  override readonly name = 'ChannelClosed'
  readonly code = 'channel-closed'
}

/**
 * One end of a claim's port: requests with replies, notes, and byte streams with flow control. Only the
 * thread's end begins streams, so only it gives out their numbers.
 */
export class Channel {
  readonly #port: MessagePort
  readonly #handlers: ChannelHandlers
  readonly #calls = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  readonly #incoming = new Map<number, Incoming>()
  readonly #outgoing = new Map<number, Outgoing>()
  #lastCall = 0
  #lastStream = 0
  #closed = false

  constructor(port: MessagePort, handlers: ChannelHandlers = {}) {
    this.#port = port
    this.#handlers = handlers
    port.on('message', (message: Message) => this.#receive(message))
    port.on('close', () => this.#abandon())
  }

  /** A number for a new stream. */
  nextStream(): number {
    this.#lastStream += 1
    return this.#lastStream
  }

  /** Asks the other end, and resolves with its answer. */
  call(method: string, args: unknown, transfer: ArrayBuffer[] = []): Promise<unknown> {
    if (this.#closed) return Promise.reject(new ChannelClosed('The step is over.'))
    this.#lastCall += 1
    const id = this.#lastCall
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject })
      try {
        this.#send({ type: 'call', id, method, args }, transfer)
      } catch (error) {
        this.#calls.delete(id)
        reject(error)
      }
    })
  }

  note(name: string, value: unknown): void {
    this.#send({ type: 'note', name, value })
  }

  /** The receiving end of a stream that the other end sends. */
  incoming(stream: number): Readable {
    const incoming = new Incoming({
      credit: (bytes) => this.#send({ type: 'credit', stream, bytes }),
      unwanted: () => this.#send({ type: 'unwanted', stream }),
      closed: () => this.#incoming.delete(stream),
    })
    this.#incoming.set(stream, incoming)
    if (this.#closed) incoming.broken(new ChannelClosed('The step is over.'))
    return incoming
  }

  /** The sending end of a stream. See {@link Outgoing} for the options. */
  outgoing(stream: number, options: OutgoingOptions = {}): Writable {
    const outgoing = new Outgoing(
      {
        chunk: (bytes) => this.#send({ type: 'chunk', stream, bytes }, [bytes.buffer]),
        end: () => this.#send({ type: 'end', stream }),
        broken: (error) => this.#send({ type: 'broken', stream, error: toPlainError(error) }),
        closed: () => this.#outgoing.delete(stream),
      },
      options,
    )
    this.#outgoing.set(stream, outgoing)
    if (this.#closed) outgoing.destroy(new ChannelClosed('The step is over.'))
    return outgoing
  }

  close(): void {
    this.#port.close()
    this.#abandon()
  }

  #send(message: Message, transfer: ArrayBufferLike[] = []): void {
    if (this.#closed) return
    this.#port.postMessage(
      message,
      transfer.filter((buffer) => buffer instanceof ArrayBuffer),
    )
  }

  #receive(message: Message): void {
    if (this.#closed) return
    switch (message.type) {
      case 'call':
        void this.#answer(message.id, message.method, message.args)
        return
      case 'reply':
        this.#take(message.id)?.resolve(message.value)
        return
      case 'refusal':
        this.#take(message.id)?.reject(fromPlainError(message.error))
        return
      case 'note':
        this.#handlers.note?.(message.name, message.value)
        return
      case 'chunk':
        this.#incoming.get(message.stream)?.chunk(message.bytes)
        return
      case 'end':
        this.#incoming.get(message.stream)?.end()
        return
      case 'broken':
        this.#incoming.get(message.stream)?.broken(fromPlainError(message.error))
        return
      case 'credit':
        this.#outgoing.get(message.stream)?.credit(message.bytes)
        return
      case 'unwanted':
        this.#outgoing.get(message.stream)?.unwanted()
        return
    }
  }

  async #answer(id: number, method: string, args: unknown): Promise<void> {
    try {
      if (this.#handlers.call === undefined) throw new Error(`This end answers no requests: ${method}.`)
      const value = await this.#handlers.call(method, args)
      if (value instanceof Uint8Array) {
        // A view may look at a small part of a big buffer, all of which would be sent.
        const own = isAlone(value) ? value : new Uint8Array(value)
        this.#send({ type: 'reply', id, value: own }, [own.buffer])
      } else {
        this.#send({ type: 'reply', id, value })
      }
    } catch (error) {
      this.#send({ type: 'refusal', id, error: toPlainError(error) })
    }
  }

  #take(id: number): { resolve: (value: unknown) => void; reject: (error: Error) => void } | undefined {
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    return call
  }

  #abandon(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#calls.size + this.#incoming.size + this.#outgoing.size > 0) {
      const gone = new ChannelClosed('The step is over.')
      for (const call of this.#calls.values()) call.reject(gone)
      this.#calls.clear()
      for (const incoming of [...this.#incoming.values()]) incoming.broken(gone)
      for (const outgoing of [...this.#outgoing.values()]) outgoing.destroy(gone)
    }
    this.#handlers.closed?.()
  }
}
