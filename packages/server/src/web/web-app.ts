import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import { Problem } from '@errand/engine'

/** One file of the built app, ready to be sent. */
export interface WebFile {
  type: string
  etag: string
  /** Named by its content: what has this address never changes. */
  immutable: boolean
  plain: Uint8Array<ArrayBuffer>
  br: Uint8Array<ArrayBuffer>
  gzip: Uint8Array<ArrayBuffer>
}

/** The built app, by path: `/index.html`, `/assets/index-a1b2.js`. */
export type WebApp = ReadonlyMap<string, WebFile>

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
}

/**
 * Reads the built app into memory, with what the build has compressed beside it. It is less than 2 MB, and what is served are the files that were
 * there at the start and nothing else: no path that comes with a request ever reaches the disk.
 *
 * @throws {Problem} `web-not-built`
 */
export async function loadWebApp(folder: string): Promise<WebApp> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = names.filter((entry) => entry.isFile() && types[extname(entry.name)] !== undefined)
  const loaded = await Promise.all(
    files.map(async (entry): Promise<[string, WebFile]> => {
      const path = join(entry.parentPath, entry.name)
      return [path.slice(folder.length).replaceAll('\\', '/'), await fileOf(path)]
    }),
  )
  const app = new Map(loaded)
  if (!app.has('/index.html')) {
    throw new Problem({
      code: 'web-not-built',
      status: 500,
      title: 'The web app is not built',
      detail: `There is no index.html in ${folder}.`,
      hint: 'Build it: npm run build -w @errand/web.',
    })
  }
  return app
}

async function fileOf(path: string): Promise<WebFile> {
  const plain = await readFile(path)
  // An app of somebody's own need not be compressed.
  const beside = (ending: string, compress: () => Promise<Buffer>) => readFile(`${path}.${ending}`).catch(compress)
  const [br, gz] = await Promise.all([
    beside('br', () => promisify(brotliCompress)(plain)),
    beside('gz', () => promisify(gzip)(plain)),
  ])
  return {
    type: types[extname(path)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    immutable: path.includes('/assets/'),
    plain: bytes(plain),
    br: bytes(br),
    gzip: bytes(gz),
  }
}

const bytes = (buffer: Buffer): Uint8Array<ArrayBuffer> => Uint8Array.from(buffer)
