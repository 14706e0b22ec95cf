import { randomBytes } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collect } from '../test-support/archives.ts'
import { gzip } from './gzip.ts'

/** A block of the compressor, in bytes. */
const BLOCK = 256 * 1024

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Text that repeats itself across blocks, so that the dictionaries are used. */
function text(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let at = 0, value = seed; at < size; at++) {
    value = (value * 1_103_515_245 + 12_345) % 2 ** 31
    bytes[at] = 97 + ((value >> 16) % 7)
  }
  return bytes
}

test('any bytes, however they come in, are one member that any gunzip reads; the same bytes make the same member', async () => {
  const sizes = fc.oneof(
    fc.constantFrom(0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 5 * BLOCK + 3),
    fc.nat(3 * BLOCK),
  )
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), fc.integer({ min: 1_000, max: 2 * BLOCK }), async (size, seed, step) => {
      const bytes = text(size, seed)
      const packed = await collect(gzip(pieces(bytes, step)))
      expect(Buffer.compare(gunzipSync(packed), bytes)).toBe(0)
      expect(Buffer.compare(await collect(gzip(pieces(bytes, 7_777))), packed)).toBe(0)
    }),
    { numRuns: 30 },
  )
})

test('it is hardly bigger than what one compressor makes in one go', async () => {
  const bytes = text(4_000_000, 1)
  const packed = await collect(gzip(pieces(bytes, 65_536)))
  expect(packed.length).toBeLessThan(gzipSync(bytes, { level: 6 }).length * 1.01)
})

test('what does not get smaller is passed on as it is, between what does', async () => {
  const noise = [randomBytes(BLOCK), randomBytes(2 * BLOCK), randomBytes(100)] as const
  const bytes = Buffer.concat([noise[0], text(BLOCK, 1), text(BLOCK, 2), noise[1], text(BLOCK, 1), noise[2]])
  const packed = await collect(gzip(pieces(bytes, 65_536)))
  expect(gunzipSync(packed).equals(bytes)).toBe(true)
  expect(packed.includes(noise[0].subarray(0, 1_000))).toBe(true)
  expect(packed.length).toBeLessThan(gzipSync(bytes, { level: 6 }).length * 1.01)
  // Also when the last block is one of them.
  const dense = Buffer.concat([text(BLOCK, 1), noise[1]])
  expect(gunzipSync(await collect(gzip(pieces(dense, 65_536)))).equals(dense)).toBe(true)
})

test('a source that breaks breaks it, and one who stops reading ends the source', async () => {
  async function* breaking(): AsyncGenerator<Uint8Array> {
    yield text(3 * BLOCK, 1)
    throw new Error('the source broke')
  }
  await expect(collect(gzip(breaking()))).rejects.toThrow('the source broke')
  let ended = false
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield text(BLOCK, 2)
    } finally {
      ended = true
    }
  }
  for await (const part of gzip(endless())) if (part.length > 1_000) break
  expect(ended).toBe(true)
})
