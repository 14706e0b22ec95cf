import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ArtifactSlot, TaskFailure, type WriteOptions, type WrittenArtifact } from '@errand/task'
import { ask } from '../calls.ts'
import type { Channel } from '../channel/channel.ts'

/** Writes a step's files through the main thread. */
export class ArtifactWriter {
  readonly #channel: Channel
  readonly #signal: AbortSignal
  readonly #open = new Map<Writable, string>()

  constructor(channel: Channel, signal: AbortSignal) {
    this.#channel = channel
    this.#signal = signal
  }

  /** @param filename - the name that the definition gives the file */
  slot(slot: string, filename: () => string): ArtifactSlot {
    return {
      writable: (options) => this.#writable(slot, filename, options).stream,
      write: async (content, options) => {
        const { stream, written } = this.#writable(slot, filename, options)
        const source = typeof content === 'string' || content instanceof Uint8Array ? [content] : content
        await pipeline(source, stream, { signal: this.#signal })
        return written
      },
    }
  }

  /** @throws {TaskFailure} `artifact-unfinished` when a file is still being written */
  close(): void {
    const slots = [...new Set(this.#open.values())]
    for (const stream of this.#open.keys()) {
      // Nobody may be left to listen; that it failed is thrown below.
      stream.on('error', () => undefined)
      stream.destroy()
    }
    if (slots.length === 0) return
    throw new TaskFailure({
      code: 'artifact-unfinished',
      title: 'The step ended before its file was written',
      detail: `Still being written: ${slots.join(', ')}.`,
      hint: 'Await artifacts.NAME.write(…), or the pipeline into artifacts.NAME.writable().',
    })
  }

  #writable(
    slot: string,
    filename: () => string,
    options: WriteOptions = {},
  ): { stream: Writable; written: Promise<WrittenArtifact> } {
    const number = this.#channel.nextStream()
    const written = ask(this.#channel, 'writeArtifact', {
      stream: number,
      slot,
      filename: options.filename ?? filename(),
      ...(options.mediaType === undefined ? {} : { mediaType: options.mediaType }),
    })
    const stream = this.#channel.outgoing(number, { finished: () => written })
    // Storage that fails while nobody writes must be heard of too.
    written.catch((error: Error) => stream.destroy(error))
    this.#open.set(stream, slot)
    stream.once('close', () => this.#open.delete(stream))
    return { stream, written }
  }
}
