import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { constants, crc32, deflateRaw } from 'node:zlib'
import { release } from '../store/release.ts'

/** Compression level: what tar and gzip use when nothing is said. */
const LEVEL = 6
/** Bytes compressed at once. Smaller ones cost more hand-overs between threads, bigger ones more memory. */
const BLOCK = 256 * 1024
/** How far back deflate looks, in bytes: what a block has to know of the one before it. */
const WINDOW = 32 * 1024
/** Pieces of a block that are tried before it, spread over it as files of several kinds may lie in one. */
const SAMPLES = 8
/** Bytes of such a piece: one in eight of the block in all. */
const SAMPLE = 4 * 1024
/** For samples: a window of one piece, and little else to set up for each. */
const SAMPLING = { level: constants.Z_BEST_SPEED, windowBits: 12, memLevel: 6, chunkSize: SAMPLES * SAMPLE + 1024 }
/** Bytes that the compressor returns at once: each time is a way between threads, and most blocks need no more. */
const CHUNK = 128 * 1024
/** Bytes of a stored piece at most: its length has 16 bits. */
const STORED = 2 ** 16 - 1
/** What of its size a sample keeps, at the fastest level, when the block is not worth compressing: pictures and films keep all. */
const DENSE = 0.98
/** Blocks under way: one for each processor, and one that is ready when the first of them is done. */
const AT_ONCE = availableParallelism() + 1

/** Magic, deflate, no flags, no time, no extra flags, no operating system: nothing that differs from run to run. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])

const deflate = promisify(deflateRaw) as (block: Uint8Array, options: object) => Promise<Buffer>

/**
 * Bytes as one gzip member, compressed on all processors. Blocks are cut at fixed places, and each is compressed with the
 * end of the one before it as dictionary: the same bytes make the same member on any machine, hardly bigger than in one go.
 * What does not get smaller, as most of what courses hold by size, is passed on as it is.
 *
 * @param taken - told of each part of the source when its bytes are needed no longer
 * @example
 * ```ts
 * await pipeline(gzip(createReadStream('course.tar')), createWriteStream('course.tar.gz'))
 * ```
 */
export async function* gzip(
  source: AsyncIterable<Uint8Array>,
  taken: (part: Uint8Array) => void = () => {},
): AsyncGenerator<Uint8Array> {
  yield HEADER
  const running: Promise<Uint8Array[]>[] = []
  let checksum = 0
  let size = 0
  let dictionary: Buffer | undefined
  try {
    for await (const { block, last } of blocks(source, taken)) {
      checksum = crc32(block, checksum)
      size += block.length
      const end = Buffer.from(block.subarray(-WINDOW))
      const done = compress(block, last, dictionary)
      // Seen where it is awaited, which another one's failure may come before.
      done.catch(() => {})
      running.push(done)
      dictionary = end
      if (running.length === AT_ONCE) yield* await take(running)
    }
    while (running.length > 0) yield* await take(running)
  } finally {
    // Nobody wants the rest; its memory is not to be used while it is being written.
    await Promise.allSettled(running)
  }
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(checksum, 0)
  trailer.writeUInt32LE(size % 2 ** 32, 4)
  yield trailer
}

async function compress(block: Buffer, last: boolean, dictionary: Buffer | undefined): Promise<Uint8Array[]> {
  if (await isDense(block)) return stored(block, last)
  const finishFlush = last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH
  const options = { level: LEVEL, finishFlush, chunkSize: CHUNK, ...(dictionary ? { dictionary } : {}) }
  const packed = await deflate(block, options)
  release(block)
  return [packed]
}

/** As it is, in pieces with a header each (RFC 1951, 3.2.4). What comes before ends with a whole byte, as after every flush. */
function stored(block: Buffer, last: boolean): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let at = 0; at < block.length; at += STORED) {
    const piece = block.subarray(at, at + STORED)
    const header = Buffer.alloc(5)
    header.writeUInt8(last && at + STORED >= block.length ? 1 : 0, 0)
    header.writeUInt16LE(piece.length, 1)
    header.writeUInt16LE(STORED - piece.length, 3)
    parts.push(header, piece)
  }
  return parts
}

/** Whether compressing it would gain next to nothing; a short one is not worth the question. */
async function isDense(block: Buffer): Promise<boolean> {
  if (block.length < BLOCK) return false
  const step = block.length / SAMPLES
  const pieces = Array.from({ length: SAMPLES }, (_, index) => block.subarray(index * step, index * step + SAMPLE))
  const packed = await deflate(Buffer.concat(pieces), SAMPLING)
  return packed.length > SAMPLES * SAMPLE * DENSE
}

async function take(running: Promise<Uint8Array[]>[]): Promise<Uint8Array[]> {
  return (await running.shift()) ?? []
}

/** Cut into pieces of {@link BLOCK} bytes, whatever the pieces of the source; the last one, which may be empty, is marked. */
async function* blocks(
  source: AsyncIterable<Uint8Array>,
  taken: (part: Uint8Array) => void,
): AsyncGenerator<{ block: Buffer; last: boolean }> {
  let block = Buffer.allocUnsafeSlow(BLOCK)
  let used = 0
  for await (const part of source) {
    for (let at = 0; at < part.length; ) {
      if (used === BLOCK) {
        yield { block, last: false }
        block = Buffer.allocUnsafeSlow(BLOCK)
        used = 0
      }
      const piece = part.subarray(at, at + BLOCK - used)
      block.set(piece, used)
      used += piece.length
      at += piece.length
    }
    taken(part)
  }
  yield { block: block.subarray(0, used), last: true }
}
