import type { ObjectStore } from '@errand/task'
import { z } from 'zod'
import { StoredTree } from '../store/stored-tree.ts'
import { readWork } from './work-area.ts'

const noteKind = z.enum(['root', 'outside', 'junk', 'duplicate', 'name-collision', 'name-encoding', 'link', 'dropped'])

/** What `unpack` lays aside for the steps after it. */
export const unpackedSchema = z.object({
  /** The folder of the archive that the course was in. */
  root: z.string(),
  bundle: z.object({ key: z.string(), size: z.int() }),
  /** path, size, SHA-256, offset in the bundle or null. */
  files: z.custom<[path: string, size: number, sha256: string, offset: number | null][]>(Array.isArray),
  notes: z.array(z.object({ kind: noteKind, path: z.string(), message: z.string() })),
  noteCounts: z.partialRecord(noteKind, z.int()),
})

export type Unpacked = z.infer<typeof unpackedSchema>

/** What was unpacked, with its files ready to be read. */
export async function readUnpacked(store: ObjectStore, key: string): Promise<{ unpacked: Unpacked; tree: StoredTree }> {
  const unpacked = await readWork(store, key, unpackedSchema)
  const places = unpacked.files.map(([path, size, sha256, offset]) =>
    offset === null ? { path, size, sha256 } : { path, size, sha256, offset },
  )
  return { unpacked, tree: new StoredTree(store, places, unpacked.bundle) }
}
