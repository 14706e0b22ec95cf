import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { machineLine } from '../machine.ts'
import { deployedOptions } from '../node-options.ts'
import { megabytes, ratio, seconds } from '../numbers.ts'
import { chosenOf, numberOf } from '../options.ts'
import { startPostgres } from '../postgres.ts'
import { printTable } from '../table.ts'
import { type MadeCourse, makeCourse } from './made-course.ts'
import { type Measured, measureCourse, type Tree } from './measure.ts'
import { COURSE_PACK, type Setup } from './server.ts'

/** Public courses to try with; not part of the project, so maybe not there. */
const DEMO = fileURLToPath(new URL('../../../../shared/corpus/openedx-demo-course-2026', import.meta.url))

/** Rounds that count, after one that warms up. */
const ROUNDS = 5
const AIMS = { import: 4, export: 1.3, memory: 300e6, memory10g: 400e6 }

const KB = 1e3
const MB = 1e6
const sizes = (count: number, bytes: number): number[] => Array.from({ length: count }, () => bytes)

const made: Readonly<Record<string, MadeCourse>> = {
  '1000': { blocks: 1_000, assets: sizes(16, 100 * KB) },
  '25000': { blocks: 25_000, assets: sizes(400, 100 * KB) },
  big: { blocks: 1_000, assets: [500 * MB, ...sizes(100, 10 * MB), ...sizes(1_000, 500 * KB)] },
}

/** A course whose assets take so many gigabytes: two big ones, and many. */
const ofSize = (gigabytes: number): MadeCourse => ({
  blocks: 1_000,
  assets: [...sizes(2, gigabytes * 200 * MB), ...sizes(60, gigabytes * 10 * MB)],
})

/** What two gigabytes and more take, one round tells; and it is about memory. */
const FOR_MEMORY = new Set(['big', '10g'])
/** A course is on the disk so often at once: its tree, its archive, handed in, stored, exported, downloaded. */
const COPIES = 6
/** An archive as large as the largest of these is taken only where the platform says so. */
const CONFIG = { packs: [{ use: COURSE_PACK, options: { limits: { totalBytes: 20e9 } } }] }

/** Prints import and export beside tar, for a real course and for generated ones. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      big: { type: 'boolean', default: false },
      apart: { type: 'boolean', default: false },
      concurrency: { type: 'string' },
      only: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      /** Gigabytes of assets of the course "10g". */
      size: { type: 'string', default: '10' },
    },
  })
  const courses: Readonly<Record<string, MadeCourse>> = { ...made, '10g': ofSize(numberOf('size', values.size)) }
  const usual = ['demo', '1000', '25000', ...(values.big ? ['big'] : [])]
  const names = values.only === undefined ? usual : chosenOf('only', values.only, ['demo', ...Object.keys(courses)])
  const { concurrency } = values
  if (concurrency !== undefined) numberOf('concurrency', concurrency)
  // None but the one that warms up: what a large one takes, that tells.
  const rounded = values.rounds === undefined ? undefined : numberOf('rounds', values.rounds, 0)
  const scratch = await mkdtemp(join(tmpdir(), 'errand-bench-'))
  // PostgreSQL runs as an account of its own under root, and must be able to enter.
  await chmod(scratch, 0o755)
  process.stdout.write(`${machineLine()}\n\n`)
  const times: string[][] = []
  const memory: string[][] = []
  const postgres = values.apart ? await startPostgres(join(scratch, 'postgres')) : undefined
  const perBlock: string[][] = []
  try {
    for (const name of names) {
      const folder = join(scratch, name)
      await mkdir(folder)
      await writeFile(join(folder, 'errand.config.json'), JSON.stringify(CONFIG))
      const course = await prepare(name, folder, courses)
      if (course === undefined) continue
      process.stderr.write(`Measuring ${course.about}…\n`)
      const rounds = rounded ?? (FOR_MEMORY.has(name) ? 0 : ROUNDS)
      const setup: Setup =
        postgres === undefined
          ? { kind: 'serve', concurrency }
          : {
              kind: 'apart',
              postgres: await postgres.createDatabase(`course_${name}`),
              concurrency,
              nodeOptions: await deployedOptions(),
            }
      const measured = await measureCourse(course.tree, folder, rounds, setup)
      times.push(...timeRows(course.about, measured))
      memory.push(memoryRow(course.about, measured, name === '10g' ? AIMS.memory10g : AIMS.memory))
      const blocks = courses[name]?.blocks
      if (blocks !== undefined && !FOR_MEMORY.has(name)) {
        const each = (time: number) => `${(time / blocks).toFixed(3)} ms`
        perBlock.push([`${blocks} blocks`, each(measured.importTask), each(measured.exportTask)])
      }
      await rm(folder, { recursive: true, force: true })
    }
  } finally {
    await postgres?.stop()
    await rm(scratch, { recursive: true, force: true })
  }
  printTable(['what', 'ours', 'tar', 'ratio', 'aim'], times)
  process.stdout.write('\n')
  const what = `memory of ${values.apart ? 'errand worker, on PostgreSQL, Node as deploy/ starts it' : 'errand serve, on PGlite'}${
    concurrency === undefined ? '' : `, --concurrency ${concurrency}`
  }`
  printTable([what, 'first start', 'idle', 'at most', 'aim'], memory)
  if (perBlock.length > 0) {
    process.stdout.write('\n')
    printTable(['task for each block', 'import', 'export'], perBlock)
  }
  process.stdout.write(
    `\nImport: from the upload's first byte to the task's end, into an empty course store. Export: from the submit to the\ndownload's last byte. Medians of ${values.rounds ?? ROUNDS} rounds after one that warms up (one for "big" and "10g"). tar: xzf, and czf at the same level.\n${machineLine()}\n`,
  )
}

async function prepare(
  name: string,
  folder: string,
  courses: Readonly<Record<string, MadeCourse>>,
): Promise<{ about: string; tree: Tree } | undefined> {
  if (name === 'demo') {
    if (!existsSync(DEMO)) {
      process.stdout.write(`skipped: the demo course, as ${DEMO} is not there\n`)
      return undefined
    }
    return { about: 'demo course', tree: { folder: dirname(DEMO), top: basename(DEMO) } }
  }
  const course = courses[name]
  if (course === undefined) throw new Error(`There is no course "${name}".`)
  const bytes = course.assets.reduce((sum, size) => sum + size, 0)
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes * COPIES) {
    process.stdout.write(`skipped: ${name}, which takes ${megabytes(bytes * COPIES)} of disk below ${folder}\n`)
    return undefined
  }
  process.stderr.write(`Generating a course of ${course.blocks} blocks…\n`)
  const files = await makeCourse(join(folder, 'course'), course)
  return {
    about: `${course.blocks} blocks, ${files} files, assets ${megabytes(bytes)}`,
    tree: { folder, top: 'course' },
  }
}

function timeRows(about: string, measured: Measured): string[][] {
  return [
    [
      `import: ${about}`,
      seconds(measured.import),
      seconds(measured.unpack),
      ratio(measured.import, measured.unpack),
      `≤ ${AIMS.import}`,
    ],
    ['  of it the task', seconds(measured.importTask), '', ratio(measured.importTask, measured.unpack), ''],
    [
      `export: ${about}`,
      seconds(measured.export),
      seconds(measured.pack),
      ratio(measured.export, measured.pack),
      `≤ ${AIMS.export}`,
    ],
    ['  of it the task', seconds(measured.exportTask), '', ratio(measured.exportTask, measured.pack), ''],
  ]
}

function memoryRow(about: string, { archiveBytes, firstStart, idle, most }: Measured, aim: number): string[] {
  return [
    `${about} (archive ${megabytes(archiveBytes)})`,
    megabytes(firstStart),
    megabytes(idle),
    megabytes(most),
    `≤ ${megabytes(aim)}`,
  ]
}
