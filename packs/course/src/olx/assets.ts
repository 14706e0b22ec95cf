import type { Asset } from './course.ts'
import { isRecord, readJson } from './policies.ts'
import type { Problems } from './problems.ts'
import type { TreeFiles } from './tree-files.ts'

const METADATA = 'policies/assets.json'
/** Where served files lie; the second is input only. */
const FOLDERS = ['static/', 'static_import/']

/**
 * The name an asset has in the metadata and in links to it: its path with every folder separator, and every character that
 * is not a letter, a digit, `_`, `.`, `%`, `~` or `-`, as an underscore.
 *
 * @example flatName('images/course image.jpg') // 'images_course_image.jpg'
 */
export function flatName(path: string): string {
  return path.normalize('NFC').replace(/[^\p{L}\p{M}\p{N}_.%~-]/gu, '_')
}

/** The path of an asset without the folder all assets are in; undefined for any other file. */
export function assetPath(file: string): string | undefined {
  for (const folder of FOLDERS) if (file.startsWith(folder)) return file.slice(folder.length)
  return undefined
}

/** Lists the files served as they are, with their metadata. */
export async function readAssets(files: TreeFiles, problems: Problems): Promise<{ assets: Asset[]; stale: string[] }> {
  const metadata = await readMetadata(files, problems)
  const used = new Set<string>()
  const assets: Asset[] = []
  for (const path of files.tree.paths) {
    const inside = assetPath(path)
    if (inside === undefined) continue
    const flat = flatName(inside)
    const entry = metadata.get(flat)
    if (entry !== undefined) used.add(flat)
    assets.push({
      path,
      size: files.tree.size(path),
      displayName: textOf(entry?.displayname),
      contentType: textOf(entry?.contentType),
      locked: entry?.locked === true,
    })
  }
  return { assets, stale: [...metadata.keys()].filter((name) => !used.has(name)) }
}

async function readMetadata(files: TreeFiles, problems: Problems): Promise<Map<string, Record<string, unknown>>> {
  const entries = new Map<string, Record<string, unknown>>()
  const file = files.find(METADATA)
  if (file === undefined) return entries
  files.reached.add(file)
  const before = problems.found.length
  const value = await readJson(files, problems, file)
  if (value === undefined) return entries
  if (!isRecord(value)) {
    if (problems.found.length === before)
      problems.add('BadAssetMetadata', file, 1, 'The file does not hold one JSON object.')
    return entries
  }
  for (const [name, entry] of Object.entries(value)) if (isRecord(entry)) entries.set(flatName(name), entry)
  return entries
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
