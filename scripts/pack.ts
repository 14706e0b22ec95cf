import { execFile } from 'node:child_process'
import { cp, glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

/**
 * Builds what is published: for each package a tarball with JavaScript and type declarations, as node strips no types
 * under node_modules. The checkout runs from the sources; nothing of this is needed for that.
 *
 *     node scripts/pack.ts [FOLDER]     # default: dist
 */

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')

interface Manifest {
  name: string
  private?: boolean
  exports?: Record<string, string>
  scripts?: unknown
  devDependencies?: unknown
}

/** Published as it is written: it is copied by `errand new`, and what is copied are sources. */
const TEMPLATE = 'packs/starter'

/** What of a package's folder is for those who work on it. */
const OWN_USE = /(^|\/)(node_modules|test|test-support)(\/|$)|\.test\.ts$|^src\/testing\/|^(tsconfig|vite\.config).*/

/** @returns the tarballs, by the names of their packages */
export async function packAll(folder: string): Promise<Record<string, string>> {
  const build = join(folder, 'build')
  await rm(folder, { recursive: true, force: true })
  await mkdir(build, { recursive: true })
  // The browser's app is built by its own tools.
  await run('npm', ['run', 'build:if-stale', '-w', '@errand/web'], { cwd: root })
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  await run(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', build], { cwd: root }).catch(
    (error: Error & { stdout?: string }) => {
      throw new Error(`The packages could not be built:\n${error.stdout ?? error.message}`)
    },
  )
  const tarballs: Record<string, string> = {}
  for await (const path of glob('{packages,packs}/*/package.json', { cwd: root })) {
    const manifest: Manifest = JSON.parse(await readFile(join(root, path), 'utf8'))
    if (manifest.private === true) continue
    const place = dirname(path)
    if (place === TEMPLATE) await copyAll(join(root, place), join(build, place))
    else {
      await copyOthers(join(root, place), join(build, place))
      await writeFile(join(build, place, 'package.json'), `${JSON.stringify(published(manifest), null, 2)}\n`)
    }
    await cp(join(root, 'LICENSE'), join(build, place, 'LICENSE'))
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: join(build, place) })
    const [packed]: { filename: string }[] = JSON.parse(stdout)
    if (packed === undefined) throw new Error(`npm packed nothing of ${manifest.name}.`)
    tarballs[manifest.name] = join(folder, packed.filename)
  }
  await rm(build, { recursive: true })
  return tarballs
}

/** Everything but the sources: what stands beside them, and what they read. */
async function copyOthers(from: string, to: string): Promise<void> {
  for await (const entry of glob('**/*', {
    cwd: from,
    withFileTypes: true,
    exclude: (each) => each.name === 'node_modules',
  })) {
    const path = join(entry.parentPath, entry.name).slice(from.length + 1)
    if (from.endsWith('/web') && !path.startsWith('dist/') && path !== 'README.md') continue
    if (!entry.isFile() || OWN_USE.test(path) || /\.tsx?$/.test(path) || path === 'package.json') continue
    await mkdir(dirname(join(to, path)), { recursive: true })
    if (!path.startsWith('bin/')) await cp(join(from, path), join(to, path))
    else await writeFile(join(to, path), built(await readFile(join(from, path), 'utf8')), { mode: 0o755 })
  }
}

/** Everything but what was installed or left by runs. */
async function copyAll(from: string, to: string): Promise<void> {
  await cp(from, to, {
    recursive: true,
    filter: (path) => !/\/(node_modules|\.errand|coverage)(\/|$)/.test(path.slice(from.length)),
  })
}

/** The command's first file names its sources by name. */
function built(script: string): string {
  return script.replaceAll(/(import\(')(\.\.\/src\/[\w/-]+)\.ts('\))/g, '$1$2.js$3')
}

/** The manifest as it is published: its exports are what was built. */
export function published({ devDependencies, scripts, ...manifest }: Manifest): object {
  const exports = Object.entries(manifest.exports ?? {}).map(([name, path]) => {
    const base = path.replace(/\.ts$/, '')
    return [name, base === path ? path : { types: `${base}.d.ts`, default: `${base}.js` }] as const
  })
  return { ...manifest, ...(manifest.exports === undefined ? {} : { exports: Object.fromEntries(exports) }) }
}

if (import.meta.main) {
  const tarballs = await packAll(resolve(process.argv[2] ?? join(root, 'dist')))
  for (const path of Object.values(tarballs).toSorted()) console.log(path)
}
