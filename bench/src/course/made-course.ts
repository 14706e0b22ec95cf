import { createCipheriv } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { leafBlock } from './made-blocks.ts'
import { Random } from './random.ts'

/** What a generated course holds. */
export interface MadeCourse {
  /** Chapters, subsections, units and their components, all counted. */
  blocks: number
  /** Sizes in bytes, one for each file in static/; their content cannot be compressed, as that of pictures and films. */
  assets: readonly number[]
}

/** Units in a subsection, and subsections in a chapter: what courses of every size have. */
const FAN_OUT = 8
/** Components in a unit. Courses have 3 to 10. */
const COMPONENTS = 6
/** Files written side by side. */
const AT_ONCE = 32

/**
 * Writes a course, unpacked, in the layout of an export; the same course each time.
 *
 * @returns how many files it has
 */
export async function makeCourse(folder: string, { blocks, assets }: MadeCourse): Promise<number> {
  const random = new Random(blocks)
  const files = new FileWriter(folder)
  const units: string[] = []
  const subsections: string[] = []
  const chapters: string[] = []
  const parent = async (type: string, children: readonly string[], into: string[]): Promise<void> => {
    const name = random.name()
    await files.write(
      `${type}/${name}.xml`,
      `<${type} display_name="${random.title()}">\n${children.map((child) => `  ${child}\n`).join('')}</${type}>\n`,
    )
    into.push(`<${type} url_name="${name}"/>`)
  }
  let count = 0
  let components: string[] = []
  while (count < blocks) {
    const leaf = leafBlock(random)
    for (const { path, content } of leaf.files) await files.write(path, content)
    components.push(`<${leaf.type} url_name="${leaf.name}"/>`)
    count++
    const last = count + 3 >= blocks
    if (components.length === COMPONENTS || last) {
      await parent('vertical', components, units)
      components = []
      count++
    }
    if (units.length === FAN_OUT || (last && units.length > 0)) {
      await parent('sequential', units.splice(0), subsections)
      count++
    }
    if (subsections.length === FAN_OUT || (last && subsections.length > 0)) {
      await parent('chapter', subsections.splice(0), chapters)
      count++
    }
  }
  await writeFrame(files, chapters)
  await writeAssets(files, assets)
  return files.finish()
}

async function writeFrame(files: FileWriter, chapters: readonly string[]): Promise<void> {
  await files.write('course.xml', '<course url_name="2026" org="Errand" course="MADE"/>\n')
  await files.write(
    'course/2026.xml',
    `<course display_name="A generated course" language="en" start="2026-09-01T00:00:00Z">\n${chapters
      .map((chapter) => `  ${chapter}\n`)
      .join('')}  <wiki slug="Errand.MADE.2026"/>\n</course>\n`,
  )
  await files.write('policies/2026/policy.json', `${JSON.stringify({ 'course/2026': { tabs: [] } }, null, 4)}\n`)
  await files.write(
    'policies/2026/grading_policy.json',
    `${JSON.stringify({ GRADER: [], GRADE_CUTOFFS: { Pass: 0.5 } })}\n`,
  )
  await files.write('about/overview.html', '<p>Generated, to measure with.</p>\n')
}

async function writeAssets(files: FileWriter, sizes: readonly number[]): Promise<void> {
  const listed: Record<string, unknown> = {}
  for (const [index, size] of sizes.entries()) {
    const name = `file-${String(index).padStart(4, '0')}.bin`
    await files.writeNoise(`static/${name}`, size, index)
    listed[name] = {
      contentType: 'application/octet-stream',
      displayname: name,
      locked: false,
      thumbnail_location: null,
    }
  }
  await files.write('policies/assets.json', `${JSON.stringify(listed, null, 4)}\n`)
  await files.write('assets/assets.xml', '<assets/>\n')
}

/** Writes many small files side by side. */
class FileWriter {
  readonly #folder: string
  readonly #folders = new Map<string, Promise<unknown>>()
  readonly #writing = new Set<Promise<void>>()
  #count = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  async write(path: string, content: string): Promise<void> {
    if (this.#writing.size >= AT_ONCE) await Promise.race(this.#writing)
    const writing = this.#place(path)
      .then((file) => writeFile(file, content))
      .finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
  }

  /** Bytes that look random, the same ones for the same seed. */
  async writeNoise(path: string, size: number, seed: number): Promise<void> {
    const key = Buffer.alloc(32, seed & 0xff)
    const iv = Buffer.alloc(16)
    iv.writeUInt32BE(seed, 0)
    const zeros = Buffer.alloc(1 << 16)
    function* source() {
      for (let left = size; left > 0; left -= zeros.length) yield zeros.subarray(0, Math.min(left, zeros.length))
    }
    const file = await this.#place(path)
    await pipeline(Readable.from(source()), createCipheriv('aes-256-ctr', key, iv), createWriteStream(file))
  }

  async finish(): Promise<number> {
    await Promise.all(this.#writing)
    return this.#count
  }

  async #place(path: string): Promise<string> {
    this.#count++
    const file = join(this.#folder, path)
    const parent = join(file, '..')
    let made = this.#folders.get(parent)
    if (made === undefined) {
      made = mkdir(parent, { recursive: true })
      this.#folders.set(parent, made)
    }
    await made
    return file
  }
}
