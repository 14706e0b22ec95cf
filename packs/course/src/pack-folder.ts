import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { pack } from 'tar-stream'

/**
 * A folder of small files, such as the sample course, as a .tar.gz.
 *
 * @param top - the name of the archive's top folder; empty for none
 */
export function packFolder(folder: string, top = 'course'): Readable {
  const archive = pack()
  fill(archive, folder, top).catch((error: unknown) => archive.destroy(error as Error))
  return pipeline(archive as unknown as Readable, createGzip(), () => {})
}

async function fill(archive: ReturnType<typeof pack>, folder: string, top: string): Promise<void> {
  for (const path of await filesOf(folder)) {
    const content = await readFile(join(folder, path))
    await new Promise<void>((done, failed) => {
      const name = top === '' ? path : `${top}/${path}`
      archive.entry({ name, mtime: new Date(0) }, content, (error) => (error ? failed(error) : done()))
    })
  }
  archive.finalize()
}

/** Every file below a folder, by relative path with `/`, sorted. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files: string[] = []
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() || (entry.isSymbolicLink() && (await stat(path)).isFile())) {
      files.push(relative(folder, path).replaceAll('\\', '/'))
    }
  }
  return files.sort()
}
