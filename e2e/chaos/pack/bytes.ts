import { createCipheriv, createHash } from 'node:crypto'

/** Bytes of the big output: long enough that a crash in the middle of it is likely, short enough to write hundreds. */
export const BIG = 5 * 1024 * 1024
/** Bytes in one piece: the output is handed over in twenty of them. */
const PIECE = 256 * 1024

/** The bytes that belong to a seed, in pieces. Whoever checks them makes them again. */
export function* bytesOf(seed: number, size = BIG): Generator<Buffer> {
  const key = createHash('sha256').update(`errand chaos ${seed}`).digest().subarray(0, 16)
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  for (let left = size; left > 0; left -= PIECE) yield cipher.update(Buffer.alloc(Math.min(PIECE, left)))
}

/** Hexadecimal. */
export function digestOf(seed: number, size = BIG): string {
  const hash = createHash('sha256')
  for (const piece of bytesOf(seed, size)) hash.update(piece)
  return hash.digest('hex')
}
