import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve as resolvePath } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { TaskFailure } from '@errand/task'
import { resolve } from 'import-meta-resolve'
import type { PackSource } from './thread/messages.ts'

/** A pack as the configuration names it. */
export interface PackUse {
  /** The name of an installed package, or the path or `file:` URL of a folder or a module. */
  use: string | URL
  /** What the pack itself says it takes. */
  options?: unknown
}

/**
 * Where the pack's module is: nothing of it is loaded.
 *
 * @param from - the folder that paths and package names are looked up from
 * @throws {TaskFailure} `pack-not-found`, saying where it was looked for; `pack-options-invalid`
 */
export async function resolvePack(pack: PackUse, from: string): Promise<PackSource> {
  const use = String(pack.use)
  const options = cloneable(use, pack.options)
  if (!isPath(use)) {
    try {
      return { name: use, url: resolve(use, pathToFileURL(join(from, 'package.json')).href), options }
    } catch (error) {
      throw notFound(use, `There is no package of that name that ${from} could use.`, error)
    }
  }
  const path = use.startsWith('file:') ? fileURLToPath(use) : resolvePath(from, use)
  if (!existsSync(path)) throw notFound(use, `${path} does not exist.`)
  if (!statSync(path).isDirectory()) return { name: use, url: pathToFileURL(path).href, options }
  return { ...(await resolveFolder(use, path)), options }
}

/** Options are handed to threads, so what cannot be is refused here, by name. */
function cloneable(use: string, options: unknown): unknown {
  try {
    return structuredClone(options)
  } catch (cause) {
    throw new TaskFailure({
      code: 'pack-options-invalid',
      title: `The options of the pack ${use} cannot be given to it`,
      detail: cause instanceof Error ? cause.message : String(cause),
      hint: 'Options are plain data: texts, numbers, lists and objects of them, no functions.',
      cause,
    })
  }
}

function isPath(use: string): boolean {
  return /^(file:|\.{0,2}\/|\.{1,2}$|[A-Za-z]:[\\/])/.test(use)
}

/** The module of a folder: what its package.json exports, or its index. */
async function resolveFolder(use: string, folder: string): Promise<{ name: string; url: string }> {
  const manifest = join(folder, 'package.json')
  let name = use
  let main: string | undefined
  if (existsSync(manifest)) {
    const said = await readManifest(use, manifest)
    if (typeof said.name === 'string') name = said.name
    if (typeof said.name === 'string' && said.exports !== undefined) {
      try {
        // A package may refer to itself by its name, which applies its own exports.
        return { name, url: resolve(said.name, pathToFileURL(manifest).href) }
      } catch (error) {
        throw notFound(use, `${manifest}: ${messageOf(error)}`, error)
      }
    }
    if (typeof said.main === 'string') main = said.main
  }
  for (const candidate of [main, 'index.ts', 'index.js', 'index.mjs', 'src/index.ts']) {
    if (candidate === undefined) continue
    const path = join(folder, candidate)
    if (existsSync(path)) return { name, url: pathToFileURL(path).href }
  }
  throw notFound(use, `${folder} has neither a package.json that exports something nor an index.ts or index.js.`)
}

async function readManifest(
  use: string,
  manifest: string,
): Promise<{ name?: unknown; main?: unknown; exports?: unknown }> {
  try {
    const parsed: unknown = JSON.parse(await readFile(manifest, 'utf8'))
    if (typeof parsed === 'object' && parsed !== null) return parsed
    throw new TypeError('is not an object')
  } catch (error) {
    throw notFound(use, `${manifest}: ${messageOf(error)}`, error)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function notFound(use: string, detail: string, cause?: unknown): TaskFailure {
  return new TaskFailure({
    code: 'pack-not-found',
    title: `The pack ${use} was not found`,
    detail,
    hint: 'Name an installed package (npm install it first), or the path of a folder or file, which begins with ./ or /.',
    cause,
  })
}
