import { existsSync, globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { resolve } from 'node:path'
import { checkPackage, createPackageFromTarballData, type Package } from '@arethetypeswrong/core'
import { problemKindInfo } from '@arethetypeswrong/core/problems'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

/**
 * Whether the packages are fit to be published: what publint and "are the types wrong" say of each tarball, that it brings
 * what it imports, and that its manifest says what it must.
 *
 *     npm run check:packages              # packs them first
 *     node scripts/check-packages.ts TARBALL…
 */

const root = resolve(import.meta.dirname, '..')

interface Manifest {
  name: string
  description?: string
  license?: string
  files?: readonly string[]
  engines?: { node?: string }
  publishConfig?: { access?: string; provenance?: boolean }
  dependencies?: Readonly<Record<string, string>>
  devDependencies?: Readonly<Record<string, string>>
  exports?: Readonly<Record<string, string | { types?: string }>>
}

/** Copied by `errand new` and never imported: it is sources, with their tests. */
const TEMPLATE = '@errand/starter'
/** Resolutions that are promised: Node's and bundlers' imports. There is no CommonJS, which Node's require() needs not. */
const PROMISED: ReadonlySet<string> = new Set(['node16-esm', 'bundler'])

/** What is wrong with one tarball; nothing when it is fit to be published. */
export async function packageProblems(tarball: Uint8Array): Promise<string[]> {
  const pack = createPackageFromTarballData(tarball)
  const folder = `/node_modules/${pack.packageName}`
  const manifest: Manifest = JSON.parse(pack.readFile(`${folder}/package.json`))
  return [
    ...manifestProblems(manifest, pack, folder),
    ...(await publintProblems(manifest, tarball)),
    ...(await typeProblems(pack)),
    ...(manifest.name === TEMPLATE ? [] : importProblems(manifest, pack, folder)),
  ]
}

function manifestProblems(manifest: Manifest, pack: Package, folder: string): string[] {
  const wrong: string[] = []
  const { description, engines, files, license, publishConfig } = manifest
  if (!description) wrong.push('package.json has no description')
  if (license !== 'Apache-2.0' || !pack.fileExists(`${folder}/LICENSE`)) wrong.push('the licence is missing')
  if (!pack.fileExists(`${folder}/README.md`)) wrong.push('README.md is missing')
  if (files === undefined) wrong.push('package.json does not say which files it publishes')
  if (engines?.node === undefined) wrong.push('package.json does not say which Node it needs')
  if (publishConfig?.access !== 'public' || publishConfig.provenance !== true) {
    wrong.push('publishConfig must be { "access": "public", "provenance": true }')
  }
  return wrong
}

async function publintProblems({ name }: Manifest, tarball: Uint8Array): Promise<string[]> {
  const { messages, pkg } = await publint({
    pack: { tarball: Uint8Array.from(tarball).buffer },
    // Of the template it is only suggested to leave out the tests that `errand new` is to write.
    level: name === TEMPLATE ? 'warning' : 'suggestion',
  })
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`)
}

async function typeProblems(pack: Package): Promise<string[]> {
  const result = await checkPackage(pack)
  // Files for a browser alone: there is nothing to be typed.
  if (result.types === false) return []
  return result.problems
    .filter((problem) => !('resolutionKind' in problem) || PROMISED.has(problem.resolutionKind))
    .map((problem) => {
      const where = 'entrypoint' in problem ? ` (${problem.entrypoint}, ${problem.resolutionKind})` : ''
      return `types: ${problemKindInfo[problem.kind].title}${where}`
    })
}

/** Packages that are imported and not depended on; and those whose types are, and would not come along. */
function importProblems(manifest: Manifest, pack: Package, folder: string): string[] {
  const { dependencies = {}, name } = manifest
  const wrong = new Set<string>()
  const files = pack.listFiles(folder)
  for (const file of files.filter((path) => /\.js$/.test(path) && !path.startsWith(`${folder}/dist/`))) {
    for (const used of packagesOf(pack.readFile(file))) {
      if (used !== name && !(used in dependencies))
        wrong.add(`${file.slice(folder.length + 1)} imports ${used}, no dependency`)
    }
  }
  for (const file of publicTypes(manifest, pack, folder)) {
    for (const used of packagesOf(pack.readFile(file))) {
      if (used === name || (used in dependencies && (hasTypes(used) || typesOf(used) in dependencies))) continue
      wrong.add(`${file.slice(folder.length + 1)} has types of ${used}, which do not come along`)
    }
  }
  return [...wrong].sort()
}

/** The declarations that whoever imports the package reads. */
function publicTypes({ exports = {} }: Manifest, pack: Package, folder: string): Set<string> {
  const found = new Set<string>()
  const follow = (path: string) => {
    if (found.has(path) || !pack.fileExists(path)) return
    found.add(path)
    for (const specifier of specifiersOf(pack.readFile(path))) {
      if (specifier.startsWith('.')) follow(resolve(path, '..', specifier.replace(/\.(js|ts)$/, '.d.ts')))
    }
  }
  for (const entry of Object.values(exports))
    if (typeof entry === 'object' && entry.types) follow(resolve(folder, entry.types))
  return found
}

/** As the compiler writes imports: a statement begins its line, or it is a call with a text. */
function specifiersOf(source: string): string[] {
  const statements = source.matchAll(/^(?:import|export|\})[^'"\n]*\bfrom ['"]([^'"\n]+)['"]/gm)
  const effects = source.matchAll(/^import ['"]([^'"\n]+)['"]/gm)
  const calls = source.matchAll(/^(?! *\*).*\bimport\(['"]([^'"$\n]+)['"]\)/gm)
  return [...statements, ...effects, ...calls].map(([, specifier = '']) => specifier)
}

function packagesOf(source: string): string[] {
  return specifiersOf(source)
    .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier))
    .map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'))
}

function typesOf(name: string): string {
  return `@types/${name.replace(/^@/, '').replace('/', '__')}`
}

/** Whether an installed package brings declarations of its own. */
function hasTypes(name: string): boolean {
  if (name.startsWith('@errand/')) return true
  const folder = ['', 'packages/engine/', 'packages/server/', 'packages/cli/']
    .map((place) => resolve(root, place, 'node_modules', name))
    .find((path) => existsSync(path))
  return folder !== undefined && globSync('{*,{dist,lib,types,src}/**/*}.d.{ts,mts,cts}', { cwd: folder }).length > 0
}

if (import.meta.main) {
  let failed = false
  for (const path of process.argv.slice(2)) {
    const problems = await packageProblems(await readFile(path))
    console.log(`${problems.length === 0 ? 'fit' : 'NOT FIT'}: ${path}`)
    for (const problem of problems) console.log(`  ${problem}`)
    failed ||= problems.length > 0
  }
  if (failed) process.exit(1)
}
