import type { ObjectStore } from '@errand/task'
import { TaskFailure } from '@errand/task'
import { z } from 'zod'
import { BlobReader } from './blob-reader.ts'
import { objectKey } from './object-keys.ts'

/**
 * A version of a course is one *structure object*: a fixed header, the list of its files as JSON, and then the
 * bytes of all its small files, one after another in the order of the list. Bigger files are objects of their
 * own. So a course of 25,000 blocks is read and written with a handful of requests, and two versions with the
 * same files are the same object.
 */

/** One file of a version. */
export interface StoredFile {
  /** Relative to the folder of course.xml or library.xml. */
  path: string
  /** In bytes. */
  size: number
  /** Hexadecimal. Names the object that holds it, unless it is bundled. */
  sha256: string
  /** Whether its bytes are in the structure object. */
  bundled: boolean
}

const MAGIC = 'errand-course 1'
/** `errand-course 1 000000012345\n`: the number is the length of the list in bytes. */
const HEADER_BYTES = MAGIC.length + 1 + 12 + 1

type Row = [path: string, size: number, sha256: string, bundled: 0 | 1]

/** One check for the whole list: a schema for each row would take longer than reading it. */
const listSchema = z.custom<Row[]>((list) => Array.isArray(list) && list.every(isRow))

function isRow(row: unknown): boolean {
  if (!Array.isArray(row)) return false
  const [path, size, sha256, bundled] = row as unknown[]
  return (
    typeof path === 'string' &&
    Number.isSafeInteger(size) &&
    typeof sha256 === 'string' &&
    sha256.length === 64 &&
    (bundled === 0 || bundled === 1)
  )
}

/** What stands before the files' bytes. */
export function encodeHead(files: readonly StoredFile[]): Buffer {
  const list = Buffer.from(
    JSON.stringify(files.map(({ path, size, sha256, bundled }) => [path, size, sha256, bundled ? 1 : 0])),
  )
  return Buffer.concat([Buffer.from(`${MAGIC} ${String(list.length).padStart(12, '0')}\n`), list])
}

/** A version, read from its structure object. */
export interface Structure {
  sha256: string
  /** Sorted by path, by code unit. */
  files: readonly StoredFile[]
  /** Where the bytes of the bundled files begin. */
  bodyStart: number
  /** The structure object's own size in bytes. */
  size: number
}

/** @throws {TaskFailure} `course-version-damaged` when the storage no longer has it, or not as it was */
export async function readStructure(store: ObjectStore, sha256: string): Promise<Structure> {
  const key = objectKey(sha256)
  const info = await store.stat(key)
  if (!info) throw lost(sha256, 'is not there')
  const blob = new BlobReader(store, key, info.size)
  if (info.size < HEADER_BYTES) throw lost(sha256, 'is too short')
  const header = Buffer.from(await blob.read(0, HEADER_BYTES)).toString('latin1')
  if (!header.startsWith(`${MAGIC} `)) throw lost(sha256, 'is of another kind')
  const length = Number.parseInt(header.slice(MAGIC.length + 1), 10)
  if (!(HEADER_BYTES + length <= info.size)) throw lost(sha256, 'is too short')
  const list = Buffer.from(await blob.read(HEADER_BYTES, length)).toString('utf8')
  const parsed = listSchema.safeParse(parseJson(list))
  if (!parsed.success) throw lost(sha256, 'has a list of files that cannot be read')
  const files = parsed.data.map(([path, size, sha, bundled]) => ({ path, size, sha256: sha, bundled: bundled === 1 }))
  const body = files.reduce((sum, file) => sum + (file.bundled ? file.size : 0), 0)
  if (HEADER_BYTES + length + body !== info.size) throw lost(sha256, 'is too short')
  return { sha256, files, bodyStart: HEADER_BYTES + length, size: info.size }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function lost(sha256: string, what: string): TaskFailure {
  return new TaskFailure({
    code: 'course-version-damaged',
    title: 'This version of the course cannot be read from storage',
    detail: `The object ${objectKey(sha256)} ${what}.`,
    hint: 'Ask the operator to restore the course storage from a backup, or go back to another version of the course.',
  })
}
