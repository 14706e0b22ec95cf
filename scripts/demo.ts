import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { packSample, SAMPLE_KEYS } from '@errand/course/sample'

/**
 * Shows Errand at work, on nothing but what `npm ci` brought: a server and worker on an embedded database, the sample
 * course imported and exported again, each step as it happens. Everything lies in `.errand-demo`.
 */

const ERRAND = fileURLToPath(new URL('../packages/cli/bin/errand.js', import.meta.url))
const COURSE = SAMPLE_KEYS.course
const FOLDER = '.errand-demo'
const DATA = join(FOLDER, 'data')
const SAMPLE = join(FOLDER, 'sample-course.tar.gz')
const EXPORTED = join(FOLDER, 'exported-course.tar.gz')

class DemoFailed extends Error {}

/** Runs the command; its display goes straight to this terminal. */
async function run(...args: string[]): Promise<void> {
  process.stdout.write(`\n$ errand ${args.join(' ')}\n`)
  const child = spawn(process.execPath, [ERRAND, ...args], { stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new DemoFailed(`errand ${args[0]} ended with ${code}`)
}

/** The same, for what it prints. */
async function ask(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [ERRAND, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new DemoFailed(`errand ${args[0]} ended with ${code}`)
  return text
}

/** Starts the server and resolves when it is ready. */
async function serve(): Promise<ChildProcess> {
  process.stdout.write(`$ errand serve --port 0 --data ${DATA}\n`)
  const child = spawn(process.execPath, [ERRAND, 'serve', '--port', '0', '--data', DATA], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('Ctrl-C')) return child
    if (!line.startsWith('To go on')) process.stdout.write(`${line}\n`)
  }
  throw new DemoFailed('The server did not start')
}

async function demo(): Promise<void> {
  await mkdir(FOLDER, { recursive: true })
  await pipeline(packSample(), createWriteStream(SAMPLE))
  const server = await serve()
  try {
    const upload = `archive=${SAMPLE}`
    await run('start', 'course.import', '--data', DATA, '--input', `course=${COURSE}`, '--upload', upload, '--wait')

    const exporting = ['start', 'course.export', '--data', DATA, '--input', `course=${COURSE}`]
    process.stdout.write(`\n$ errand ${exporting.join(' ')} --json\n`)
    const task: unknown = JSON.parse(await ask(...exporting, '--json'))
    const id = typeof task === 'object' && task !== null && 'id' in task ? String(task.id) : ''
    process.stdout.write(`Started ${id}\n`)
    await run('watch', id, '--data', DATA)
    await run('download', id, 'archive', '--data', DATA, '-o', EXPORTED, '--force')
  } finally {
    server.kill('SIGTERM')
    if (server.exitCode === null) await once(server, 'exit')
  }
  process.stdout.write(`
The sample course went in and came out again: ${relative('.', EXPORTED)}

To go on with what the demo made:
  npx errand serve --data ${DATA}
and in another terminal:
  npx errand list --data ${DATA}
  npx errand start course.export --data ${DATA} --input course=${COURSE} --wait
`)
}

try {
  await demo()
} catch (error) {
  const text = error instanceof Error ? error.message : String(error)
  process.stderr.write(`error: the demo did not get to its end: ${text}. ${FOLDER} holds what it made.\n`)
  process.exitCode = 1
}
