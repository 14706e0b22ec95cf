import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { StoreConfig } from '@errand/task'
import { prepareStorage } from './folder.ts'
import { openObjectStore } from './object-store.ts'
import type { Store } from './store.ts'

/** Bytes: more than one part of a backend that takes big objects in parts. */
const SAMPLE = 9 << 20

/** What one thing that is asked of a storage gave. */
export interface StorageCheck {
  /** In the operator's words: "write 9 MiB as a stream". */
  what: string
  /** `unsupported` is a way of delivery that this backend has not: no failure. */
  outcome: 'ok' | 'failed' | 'unsupported'
  /** Why, where it is not `ok`. */
  detail?: string
  /** Milliseconds. */
  took: number
}

/**
 * Proves that a storage works with all that is asked of it, on an object of its own that is removed again. The rest is
 * still tried when one thing fails.
 *
 * @throws {Problem} `storage-invalid`, `storage-unwritable` when it cannot even be opened
 * @example
 * ```ts
 * const checks = await checkStorage({ scheme: 's3', bucket: 'reports', region: 'eu-central-1' })
 * ```
 */
export async function checkStorage(config: StoreConfig): Promise<StorageCheck[]> {
  await prepareStorage(config)
  const store = openObjectStore(config)
  const key = `errand-check/${randomUUID()}/né 日本+@.bin`
  const sample = randomBytes(SAMPLE)
  const checks: StorageCheck[] = []
  for (const [what, action] of Object.entries(questions(store, key, sample))) {
    const start = performance.now()
    const took = () => Math.round(performance.now() - start)
    try {
      const detail = await action()
      checks.push(
        detail === undefined
          ? { what, outcome: 'ok', took: took() }
          : { what, outcome: 'unsupported', detail, took: took() },
      )
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      checks.push({ what, outcome: 'failed', detail, took: took() })
    }
  }
  return checks
}

/** In order. One that returns a text says why the backend need not be able to do it. */
function questions(store: Store, key: string, sample: Buffer): Record<string, () => Promise<string | undefined>> {
  return {
    'write 9 MiB as a stream': async () => {
      await pipeline(Readable.from(inPieces(sample)), store.write(key))
      return undefined
    },
    'tell its size': async () => {
      const size = (await store.stat(key))?.size
      if (size !== sample.length) throw new Error(`It says ${size ?? 'that there is no object'}.`)
      return undefined
    },
    'read it back': async () => {
      const hash = createHash('sha256')
      for await (const chunk of store.read(key)) hash.update(chunk)
      if (!hash.digest().equals(createHash('sha256').update(sample).digest())) throw new Error('Other bytes came back.')
      return undefined
    },
    'read a part of it': async () => {
      const part = Buffer.concat(await store.read(key, { start: 1_000, end: 6_000_000 }).toArray())
      if (!part.equals(sample.subarray(1_000, 6_000_000))) throw new Error('Other bytes came back.')
      return undefined
    },
    'list it': async () => {
      for await (const found of store.list(key.slice(0, key.lastIndexOf('/') + 1)))
        if (found.key === key) return undefined
      throw new Error('It is not in the list.')
    },
    'serve it by a signed address': async () => {
      const address = await store.sign(key, 60)
      if (address === undefined) return `${store.scheme} has none; delivery "redirect" streams instead`
      const answer = await fetch(address, { headers: { Range: 'bytes=0-9' } })
      const got = Buffer.from(await answer.arrayBuffer())
      if (!got.subarray(0, 10).equals(sample.subarray(0, 10))) throw new Error(`It answers ${answer.status}.`)
      return undefined
    },
    'delete it': async () => {
      await store.delete(key)
      if ((await store.stat(key)) !== undefined) throw new Error('It is still there.')
      return undefined
    },
  }
}

function* inPieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}
