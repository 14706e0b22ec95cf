import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { CourseTree } from '../tree.ts'

/** The files of a folder as a course, for tests and for trying things out. */
export function folderTree(folder: string): CourseTree {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
  return {
    paths,
    size: (path) => statSync(join(folder, path)).size,
    read: async (path) => readFileSync(join(folder, path)),
  }
}

/** Files written out in code as a course. */
export function memoryTree(files: Readonly<Record<string, string | Uint8Array>>): CourseTree {
  const bytes = new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === 'string' ? new TextEncoder().encode(content) : content,
    ]),
  )
  const get = (path: string): Uint8Array => {
    const found = bytes.get(path)
    if (found === undefined) throw new Error(`No file ${path}`)
    return found
  }
  return {
    paths: [...bytes.keys()].sort(),
    size: (path) => get(path).byteLength,
    read: async (path) => get(path),
  }
}
