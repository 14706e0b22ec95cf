import { Readable } from 'node:stream'
import type { ByteRange } from '@errand/task'
import type { Operator } from 'opendal'
import { isNotFound, notFound } from './errors.ts'

/** Bytes asked of the backend at a time: few requests on a network, little memory. */
export const READ_CHUNK = 1 << 20

/** Requests under way at once for one stream: the next ones travel while the first is taken. 4 MiB a download. */
const AHEAD = 4

/**
 * An object as a stream. Asks for the size first: a backend answers a read past the end with an error, not with what is
 * left.
 */
export function readObject(operator: Operator, key: string, range: ByteRange = { start: 0 }): Readable {
  return Readable.from(chunks(operator, key, range), { objectMode: false, highWaterMark: READ_CHUNK })
}

async function* chunks(operator: Operator, key: string, range: ByteRange): AsyncGenerator<Buffer> {
  try {
    const { contentLength } = await operator.stat(key)
    const end = Math.min(range.end ?? Number.POSITIVE_INFINITY, Number(contentLength ?? 0n))
    const coming: Promise<Buffer>[] = []
    let asked = range.start
    while (asked < end || coming.length > 0) {
      while (asked < end && coming.length < AHEAD) {
        const size = Math.min(READ_CHUNK, end - asked)
        const part = operator.read(key, { offset: BigInt(asked), size: BigInt(size) })
        // If an earlier one fails, nobody waits for this one.
        part.catch(() => undefined)
        coming.push(part)
        asked += size
      }
      const next = await coming.shift()
      if (next !== undefined) yield next
    }
  } catch (error) {
    throw isNotFound(error) ? notFound(key) : error
  }
}
