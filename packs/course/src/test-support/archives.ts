import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { extract, pack } from 'tar-stream'
import { onTestFinished } from 'vitest'
import { decompressed } from '../archive/decompress.ts'
import { FolderStore } from './folder-store.ts'

type Header = Parameters<ReturnType<typeof pack>['entry']>[0]

/** What a test puts into an archive: content by path, or a header of its own. */
export type TestMember = readonly [path: string | Header, content?: string | Uint8Array]

/** A tar archive of these members, exactly as given. */
export async function tarOf(members: readonly TestMember[]): Promise<Buffer> {
  const archive = pack()
  for (const [path, content] of members) {
    const header = typeof path === 'string' ? { name: path } : path
    if (content === undefined) archive.entry(header)
    else archive.entry(header, content)
  }
  archive.finalize()
  return collect(archive as AsyncIterable<Uint8Array>)
}

export async function tarGzOf(members: readonly TestMember[]): Promise<Buffer> {
  return gzipSync(await tarOf(members))
}

/** The files of a .tar.gz by path. */
export async function filesIn(archive: Uint8Array): Promise<Map<string, Buffer>> {
  const members = extract()
  decompressed('tar.gz', Readable.from([archive], { objectMode: false })).pipe(
    members as unknown as NodeJS.WritableStream,
  )
  const files = new Map<string, Buffer>()
  for await (const entry of members) files.set(entry.header.name, await collect(entry as AsyncIterable<Uint8Array>))
  return files
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}

/** A store in a folder of its own, removed after the test. */
export async function temporaryStore(): Promise<FolderStore> {
  const root = await mkdtemp(join(tmpdir(), 'errand-course-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  return new FolderStore(root)
}
