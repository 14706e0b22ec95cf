import bitIterator from 'unbzip2-stream/lib/bit_iterator.js'
import bzip2 from 'unbzip2-stream/lib/bzip2.js'

/** Bytes of a block for each step of its level, unpacked but for runs. */
const LEVEL_BYTES = 100_000
/** A packed block is at most a hundredth and 600 bytes longer than that; with room to spare. */
const ROOM = 25_000
/** Bytes handed over at once. */
const PIECE = 128 * 1024

/**
 * Unpacks bzip2, block by block: the library's own stream unpacks all that it is given before anyone can look at
 * what comes out, and of a bomb that is everything. A block of such a bomb is 46 MB.
 */
export async function* bunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]()
  const queue: Uint8Array[] = []
  let received = 0
  let ended = false
  const receive = async (upTo: number): Promise<void> => {
    while (!ended && received < upTo) {
      const next = await chunks.next()
      if (next.done) ended = true
      else if (next.value.length > 0) {
        queue.push(next.value)
        received += next.value.length
      }
    }
  }
  await receive(LEVEL_BYTES)
  const bits = bitIterator(() => {
    const chunk = queue.shift()
    if (!chunk) throw new Error('unexpected end of bzip2 data')
    return chunk
  })
  // A file may hold several streams, one after the other.
  for (let streams = 0; ; streams++) {
    await receive(bits.bytesRead + LEVEL_BYTES)
    if (streams > 0 && bits.bytesRead >= received) return
    const size = LEVEL_BYTES * readable(() => bzip2.header(bits))
    const work = new Int32Array(size)
    for (let sum: number | null = 0; sum !== null; ) {
      await receive(bits.bytesRead + size + ROOM)
      const block = new Pieces()
      const before: number = sum
      sum = readable(() => bzip2.decompress(bits, (byte) => block.put(byte), work, size, before))
      yield* block.take()
    }
  }
}

/** Gathers bytes that come one by one. */
class Pieces {
  readonly #full: Buffer[] = []
  #piece = Buffer.allocUnsafe(PIECE)
  #length = 0

  put(byte: number): void {
    this.#piece[this.#length++] = byte
    if (this.#length < PIECE) return
    this.#full.push(this.#piece)
    this.#piece = Buffer.allocUnsafe(PIECE)
    this.#length = 0
  }

  *take(): Generator<Uint8Array> {
    for (let piece = this.#full.shift(); piece; piece = this.#full.shift()) yield piece
    if (this.#length > 0) yield this.#piece.subarray(0, this.#length)
  }
}

/** The library's own messages are not meant for users. */
function readable<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof Error && cause.message.startsWith('unexpected end')) throw cause
    throw new Error('it is not valid bzip2 data', { cause })
  }
}
