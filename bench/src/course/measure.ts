import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { downloadFile, uploadFile } from '@errand/client/node'
import { forgetPeak, memoryOf } from '../machine.ts'
import { median } from '../numbers.ts'
import { runCommand } from '../run-command.ts'
import { Server, type Setup } from './server.ts'

/** A course on disk, unpacked. */
export interface Tree {
  /** The folder that holds the course's top folder. */
  folder: string
  /** The course's top folder, within. */
  top: string
}

/** Medians in milliseconds; memory in bytes. */
export interface Measured {
  archiveBytes: number
  /** `tar xzf` of the archive, and `tar czf` of the tree. */
  unpack: number
  pack: number
  /** From before the upload to the task's end. */
  import: number
  /** The same without the upload. */
  importTask: number
  /** From before the submit until the archive is downloaded. */
  export: number
  exportTask: number
  /** Of the process that runs the steps: at most while it first starts, before the first task, and at most then. */
  firstStart: number
  idle: number
  most: number
}

/**
 * Imports and exports the course as a user does, through a server started for it, and unpacks and packs it with tar in
 * turn, so that what else the machine does hits both.
 *
 * @param rounds - how often, after one round that warms up
 */
export async function measureCourse(tree: Tree, scratch: string, rounds: number, setup: Setup): Promise<Measured> {
  const archive = join(scratch, 'course.tar.gz')
  const exported = join(scratch, 'exported.tar.gz')
  const unpacked = join(scratch, 'unpacked')
  const course = 'course-v1:Bench+MEASURED+2026'
  const times = { unpack: [], pack: [], import: [], importTask: [], export: [], exportTask: [] } as Record<
    'unpack' | 'pack' | 'import' | 'importTask' | 'export' | 'exportTask',
    number[]
  >
  const pack = () => runCommand('tar', ['czf', archive, tree.top], tree.folder)
  await pack()
  const firstStart = await measureFirstStart(scratch, setup)
  await using server = await Server.start(scratch, setup)
  const { now: idle } = await memoryOf(server.worker)
  await forgetPeak(server.worker)
  for (let round = 0; round <= rounds; round++) {
    await server.forgetCourses()
    await rm(unpacked, { recursive: true, force: true })
    await mkdir(unpacked)
    const unpackTime = await runCommand('tar', ['xzf', archive, '-C', unpacked])
    await rm(unpacked, { recursive: true, force: true })
    const packTime = await pack()

    const begin = performance.now()
    const upload = await uploadFile(server.client, archive)
    const uploaded = performance.now()
    await server.run('course.import', { course }, { archive: upload.id })
    const imported = performance.now()
    const task = await server.run('course.export', { course })
    const packed = performance.now()
    const output = task.artifacts.find(({ slot }) => slot === 'archive')
    if (output === undefined) throw new Error('The export has no archive.')
    await downloadFile(server.client, output, exported)
    const end = performance.now()

    if (round === 0 && rounds > 0) continue
    times.unpack.push(unpackTime)
    times.pack.push(packTime)
    times.import.push(imported - begin)
    times.importTask.push(imported - uploaded)
    times.export.push(end - imported)
    times.exportTask.push(packed - imported)
  }
  return {
    archiveBytes: (await stat(archive)).size,
    unpack: median(times.unpack),
    pack: median(times.pack),
    import: median(times.import),
    importTask: median(times.importTask),
    export: median(times.export),
    exportTask: median(times.exportTask),
    firstStart,
    idle,
    most: (await memoryOf(server.worker)).most,
  }
}

/** The first start creates the database, which happens once and takes memory that is not seen again. */
async function measureFirstStart(scratch: string, setup: Setup): Promise<number> {
  await using server = await Server.start(scratch, setup)
  return (await memoryOf(server.worker)).most
}
