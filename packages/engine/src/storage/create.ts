import { randomUUID } from 'node:crypto'
import { link, mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Operator } from 'opendal'
import { PARTIAL } from './folder.ts'

/**
 * Writes an object unless there is one. Backends that know the condition (`s3`, `gcs`, `azblob`) decide between several
 * writers; with the others the look before the write has to do.
 */
export async function createObject(operator: Operator, key: string, content: Buffer | string): Promise<boolean> {
  if (await operator.exists(key)) return false
  const ifNotExists = operator.capability().writeWithIfNotExists
  try {
    await operator.write(key, content, ifNotExists ? { ifNotExists } : undefined)
    return true
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('ConditionNotMatch')) return false
    throw error
  }
}

/**
 * The same in a folder: written beside the file, its bytes on the disk, and then given its name, which a link does for
 * one of several writers only. OpenDAL's own condition lets all of them through there (tried: twenty of twenty).
 */
export async function createFile(root: string, key: string, content: Uint8Array | string): Promise<boolean> {
  const path = join(root, key)
  const aside = join(root, PARTIAL, randomUUID())
  await mkdir(dirname(aside), { recursive: true })
  try {
    await writeNew(aside, content)
    await mkdir(dirname(path), { recursive: true })
    await link(aside, path).catch((error: unknown) => {
      // Some shared folders have no links; opened as new, a file has one maker too, who is seen at work for a moment.
      if (hasCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS')) return writeNew(path, content)
      throw error
    })
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(aside, { force: true })
  }
}

async function writeNew(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
