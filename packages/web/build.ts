import { existsSync } from 'node:fs'
import { glob, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import { build } from 'vite'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')

/** Where another process builds and is done first, what it made stays: it is of the same sources. */
async function putInPlace(outDir: string): Promise<void> {
  const but = (code: string) => (error: NodeJS.ErrnoException) => {
    if (error.code !== code) throw error
  }
  const old = `${outDir}-old`
  await rename(dist, old).catch(but('ENOENT'))
  await rename(outDir, dist).catch(but('ENOTEMPTY'))
  await rm(old, { recursive: true, force: true })
}

/** Whether the built files are there and newer than everything they are made of. */
export async function isFresh(): Promise<boolean> {
  if (!existsSync(join(dist, 'embed.js'))) return false
  const built = (await stat(join(dist, 'embed.js'))).mtimeMs
  const sources = ['src/**/*', 'public/*', '*.{ts,html,json}', '../client/src/**/*.ts', '../../package-lock.json']
  for await (const path of glob(sources, { cwd: root })) {
    if ((await stat(join(root, path))).mtimeMs > built) return false
  }
  return true
}

/**
 * Builds the app and the elements into `dist`. What is there is replaced once the new is whole, so that a server that
 * starts meanwhile finds one of them.
 */
export async function buildWeb(): Promise<void> {
  const outDir = join(root, `dist-${process.pid}`)
  // React takes its slow and chatty form from this, and a run of tests has it set to something else.
  const before = process.env.NODE_ENV
  process.env.NODE_ENV = 'production'
  try {
    for (const configFile of ['vite.config.ts', 'vite.embed.config.ts']) {
      await build({ configFile: join(root, configFile), logLevel: 'warn', build: { outDir } })
    }
    await checkStyles(outDir)
    await compressAll(outDir)
    await putInPlace(outDir)
  } finally {
    if (before === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = before
    await rm(outDir, { recursive: true, force: true })
  }
}

/** Of a component, in scripts as in styles. */
const MANTINE_CLASS = /\bm_[0-9a-f]{6,8}\b/g

/** Refuses a component of Mantine whose styles `src/ui/mantine.css` does not have: it would be there, and look like nothing. */
async function checkStyles(folder: string): Promise<void> {
  const namesIn = async (pattern: string) => {
    const names = new Set<string>()
    for await (const name of glob(pattern, { cwd: folder })) {
      for (const one of (await readFile(join(folder, name), 'utf8')).match(MANTINE_CLASS) ?? []) names.add(one)
    }
    return names
  }
  const used = await namesIn('assets/*.js')
  const there = await namesIn('assets/*.css')
  const styles = dirname(fileURLToPath(import.meta.resolve('@mantine/core/styles/global.css')))
  for await (const name of glob('*.css', { cwd: styles, exclude: ['*.layer.css'] })) {
    const text = await readFile(join(styles, name), 'utf8')
    const missing = text.match(MANTINE_CLASS)?.some((one) => used.has(one) && !there.has(one))
    if (missing) throw new Error(`A page uses a component whose styles are missing: add ${name} to src/ui/mantine.css`)
  }
}

/** Beside each file, as a browser may have it: compressed as far as it goes, once, and not at each start of a server. */
async function compressAll(folder: string): Promise<void> {
  for await (const name of glob('**/*.{html,js,css,svg,json}', { cwd: folder })) {
    const path = join(folder, name)
    const plain = await readFile(path)
    const [br, gz] = await Promise.all([promisify(brotliCompress)(plain), promisify(gzip)(plain, { level: 9 })])
    await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)])
  }
}

if (import.meta.main) {
  const force = !process.argv.includes('--if-stale')
  if (force || !(await isFresh())) {
    const start = performance.now()
    await buildWeb()
    console.log(`The web app is built (${((performance.now() - start) / 1_000).toFixed(1)} s).`)
  }
}
