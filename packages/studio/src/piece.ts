import { Problem } from '@errand/engine'
import { z } from 'zod'

/** Which part of a file a request brings: the bytes from `start` to before `end`, of `size`. */
export interface Piece {
  start: number
  end: number
  size: number
}

/** As RFC 9110 has it, with at most as many digits as Studio takes. */
const CONTENT_RANGE = /^bytes (\d{1,11})-(\d{1,11})\/(\d{1,11})$/

const contentRange = z
  .string()
  .regex(CONTENT_RANGE)
  .transform((text): Piece => {
    const [, start, last, size] = CONTENT_RANGE.exec(text) ?? []
    return { start: Number(start), end: Number(last) + 1, size: Number(size) }
  })
  .refine(({ start, end, size }) => start < end && end <= size)

/**
 * Reads `Content-Range`. Without one the request brings the whole file.
 *
 * @throws {Problem} `content-range-invalid` (400)
 */
export function readPiece(header: string | undefined): Piece | undefined {
  if (header === undefined) return undefined
  const { data: piece } = contentRange.safeParse(header)
  if (piece !== undefined) return piece
  throw new Problem({
    code: 'content-range-invalid',
    status: 400,
    title: 'The Content-Range is not valid',
    detail: `It is ${JSON.stringify(header.slice(0, 100))}.`,
    hint: 'Write it as bytes FIRST-LAST/SIZE, and leave it out where the request brings the whole file.',
  })
}

/**
 * The bytes of a piece from `from` on: those before were stored when the piece was sent before.
 *
 * @throws {Problem} `piece-size` (400) when it has more bytes than were said, or fewer
 */
export async function* bytesFrom(
  { end, start }: Piece,
  from: number,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let at = start
  for await (const chunk of body) {
    const next = at + chunk.length
    if (next > end) throw wrongSize(start, end, 'more')
    if (next > from) yield chunk.subarray(Math.max(0, from - at))
    at = next
  }
  if (at < end) throw wrongSize(start, end, 'fewer')
}

function wrongSize(start: number, end: number, than: string): Problem {
  return new Problem({
    code: 'piece-size',
    status: 400,
    title: 'A part of the file is not as large as was said',
    detail: `The Content-Range says ${end - start} bytes, and there were ${than}.`,
    hint: 'Send the part again.',
  })
}
