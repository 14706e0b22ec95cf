import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Db } from '../database/open.ts'
import { debugPoint } from '../debug-point.ts'
import { ClaimLost, isProblem, Problem } from '../problem.ts'
import type { Store, WriteOptions } from '../storage/store.ts'
import type { ArtifactSink } from '../types.ts'

/** Bytes between two looks at the quota: a file can be too large by as much. */
const QUOTA_STEP = 4 << 20

/** What a sink needs of its artifact. */
export interface SinkOptions {
  id: string
  key: string
  about: WriteOptions
  /** Throws when so many bytes are too many. */
  check(written: number): Promise<void>
  /** Ends the artifact's row: it is not finished. */
  end(): Promise<unknown>
}

/** Where a step writes one output: hashed on its way into the storage, sealed with the step's completion. */
export function openSink(db: Db, store: Store, { about, check, end, id, key }: SinkOptions): ArtifactSink {
  const stream = store.write(key, about)
  const hash = createHash('sha256')
  let size = 0
  let checked = 0
  let broken: Error | undefined
  stream.on('error', (error) => {
    broken = error
  })
  return {
    id,
    write: async (chunk) => {
      if (broken) throw storageFailed(broken)
      if (size + chunk.length - checked >= QUOTA_STEP) {
        checked = size + chunk.length
        await check(checked)
      }
      hash.update(chunk)
      size += chunk.length
      if (stream.write(chunk)) return
      // Whichever does not come must not be listened for any longer: a big file waits thousands of times.
      const waited = new AbortController()
      const { signal } = waited
      await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })])
        .catch((error: unknown) => {
          throw storageFailed(error)
        })
        .finally(() => waited.abort())
      if (broken) throw storageFailed(broken)
    },
    close: async () => {
      try {
        if (size > checked) await check(size)
        await new Promise<void>((resolve, reject) => {
          stream.once('error', reject)
          if (broken) reject(broken)
          // The callback is called for a failure as well, and before 'error' is heard of.
          else stream.end((error?: Error | null) => (error ? reject(error) : resolve()))
        })
      } catch (error) {
        throw isProblem(error) ? error : storageFailed(error)
      }
      const sha256 = hash.digest('hex')
      await debugPoint('before-seal')
      const { numUpdatedRows } = await db
        .updateTable('artifacts')
        .set({ size, sha256 })
        .where('id', '=', id)
        .where('state', '=', 'writing')
        .executeTakeFirst()
      if (numUpdatedRows === 0n) {
        // Another attempt has taken its place, and the sweep may have been here before these bytes were.
        await store.delete(key)
        throw new ClaimLost('The attempt is over; its output is not taken.')
      }
      return { size, sha256 }
    },
    abort: async () => {
      stream.destroy()
      await end()
    },
  }
}

function storageFailed(cause: unknown): Problem {
  return new Problem({
    code: 'storage-failed',
    status: 503,
    title: 'The storage did not take the file',
    detail: cause instanceof Error ? cause.message : String(cause),
    hint: 'Check the storage; the step is tried again.',
    cause,
  })
}
