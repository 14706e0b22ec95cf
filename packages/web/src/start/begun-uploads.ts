import { meQuery, queryClient } from '../api/queries.ts'

/** A file that was handed in in part, as this browser remembers it: after a reload the rest can follow. */
export interface BegunUpload {
  /** Of the upload. */
  id: string
  filename: string
  size: number
  /** When the file was changed, in milliseconds: with name and size it tells files apart. */
  modified: number
  /** From 0 to 1. */
  share: number
}

/** Whoever uses this browser after somebody else is not told what they handed in. */
const key = (definition: string, slot: string) =>
  `errand-upload ${queryClient.getQueryData(meQuery.queryKey)?.id} ${definition} ${slot}`

/** What was begun for this field and not finished; `undefined` where nothing was, or the browser keeps nothing. */
export function begunUpload(definition: string, slot: string): BegunUpload | undefined {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key(definition, slot)) ?? 'null')
    return isBegun(found) ? found : undefined
  } catch {
    return undefined
  }
}

/** Remembers it, or, without one, forgets it. */
export function rememberUpload(definition: string, slot: string, upload: BegunUpload | undefined): void {
  try {
    if (upload === undefined) localStorage.removeItem(key(definition, slot))
    else localStorage.setItem(key(definition, slot), JSON.stringify(upload))
  } catch {
    // Storage is full or forbidden: the upload works, and would only begin again after a reload.
  }
}

/** Whether it is this file that was begun. */
export function isSameFile(begun: BegunUpload, file: File): boolean {
  return begun.filename === file.name && begun.size === file.size && begun.modified === file.lastModified
}

function isBegun(value: unknown): value is BegunUpload {
  if (typeof value !== 'object' || value === null) return false
  const { filename, id, modified, share, size } = value as Partial<Record<keyof BegunUpload, unknown>>
  return [id, filename].every((one) => typeof one === 'string') && [size, modified, share].every(Number.isFinite)
}
