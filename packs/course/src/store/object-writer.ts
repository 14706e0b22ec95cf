import { createHash } from 'node:crypto'
import { finished } from 'node:stream/promises'
import type { ObjectStore } from '@errand/task'
import { FRESH_MS, isNew } from './age.ts'
import { objectKey } from './object-keys.ts'

/** An object as its writer knows it. */
export interface WrittenObject {
  /** Hexadecimal; the object's name. */
  sha256: string
  /** In bytes. */
  size: number
}

/**
 * Writes bytes under their own SHA-256. What is there already is not written again, as its name says it is the same;
 * unless it is old: then a sweep might be about to remove it.
 */
export async function putObject(store: ObjectStore, sha256: string, content: Uint8Array): Promise<void> {
  if (!(await isThere(store, sha256, content.length))) await store.put(objectKey(sha256), content)
}

async function isThere(store: ObjectStore, sha256: string, size: number): Promise<boolean> {
  const info = await store.stat(objectKey(sha256))
  return info?.size === size && isNew(info, FRESH_MS)
}

/**
 * The same for what is too big to hold: written under a temporary key, hashed on the way, then given its name.
 *
 * @param temporary - a key of this task's own
 */
export async function streamObject(
  store: ObjectStore,
  temporary: string,
  content: AsyncIterable<Uint8Array>,
): Promise<WrittenObject> {
  const sha = createHash('sha256')
  const sink = new ObjectSink(store, temporary)
  try {
    for await (const chunk of content) {
      sha.update(chunk)
      await sink.write(chunk)
    }
    await sink.end()
  } catch (error) {
    await sink.discard()
    throw error
  }
  const written = { sha256: sha.digest('hex'), size: sink.size }
  if (await isThere(store, written.sha256, written.size)) await store.delete(temporary)
  else await store.move(temporary, objectKey(written.sha256))
  return written
}

/** Bytes gathered before they are handed on: a hand-over costs about as much as copying these. */
const BATCH = 256 * 1024

/** Writes one object at the storage's pace, gathering small pieces, always in the same memory. */
export class ObjectSink {
  readonly #stream: ReturnType<ObjectStore['write']>
  readonly #done: Promise<void>
  readonly #batch = Buffer.allocUnsafeSlow(BATCH)
  #batched = 0
  /** Bytes written so far. */
  size = 0

  constructor(store: ObjectStore, key: string) {
    this.#stream = store.write(key)
    this.#done = finished(this.#stream)
    // Seen where it is awaited; until then it must not count as unhandled.
    this.#done.catch(() => {})
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.size += chunk.length
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + BATCH - this.#batched)
      this.#batch.set(piece, this.#batched)
      this.#batched += piece.length
      at += piece.length
      if (this.#batched === BATCH) await this.#flush()
    }
  }

  async end(): Promise<void> {
    await this.#flush()
    this.#stream.end()
    await this.#done
  }

  /** Gives it up: the object does not come to exist. */
  async discard(): Promise<void> {
    this.#stream.destroy()
    await this.#done.catch(() => {})
  }

  async #flush(): Promise<void> {
    if (this.#batched === 0) return
    const bytes = this.#batch.subarray(0, this.#batched)
    this.#batched = 0
    // Its bytes are taken by the time it is called back; what broke the stream is thrown in its place.
    await new Promise<void>((taken, failed) => {
      this.#stream.write(bytes, (error) => (error ? this.#done.then(() => failed(error), failed) : taken()))
    })
  }
}
