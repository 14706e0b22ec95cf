import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CliError } from '../cli-error.ts'
import { exitCode } from '../exit-codes.ts'
import { reason } from '../folder/data-folder.ts'

/** Times a broken transfer is begun again where it broke, without a byte in between. */
const TRIES = 8
/** Milliseconds before the first of them; each further one waits twice as long, to 5 s at most. */
const RETRY = { first: 250, longest: 5_000 } as const

/** What is to arrive. */
export interface Expected {
  filename: string
  size: number
  sha256: string | null
}

/** Opens the content from a byte on. */
export type OpenContent = (start: number) => Promise<AsyncIterable<Uint8Array>>

interface Receiver {
  expected: Expected
  open: OpenContent
  /** Called with the bytes that are here. */
  onProgress: (done: number) => void
  /** Whether the transfer may be begun again after this error. */
  mayComeBack: (error: unknown) => boolean
}

/**
 * Downloads to `path`: into `path.part` first, which is gone on with where it ends when it is there already, and
 * renamed once every byte is there and the SHA-256 is right.
 *
 * @throws {CliError} when the file cannot be written, or what arrived is not what was announced
 */
export async function receiveFile(path: string, force: boolean, receiver: Receiver): Promise<void> {
  const part = `${path}.part`
  const file = await openPart(part)
  try {
    const begun = await hashOf(part, file, receiver.expected.size)
    const arrived = await receive(receiver, begun, (chunk) => writeAll(file, chunk))
    if (!matches(receiver.expected, arrived)) {
      if (begun.done === 0) throw damaged(receiver.expected)
      // The part may be of another file that had this name.
      await file.truncate(0)
      const again = await receive(receiver, { hash: createHash('sha256'), done: 0 }, (chunk) => writeAll(file, chunk))
      if (!matches(receiver.expected, again)) throw damaged(receiver.expected)
    }
    await file.sync()
  } catch (error) {
    await file.close()
    if (error instanceof CliError && error.cause === DAMAGED) await rm(part, { force: true })
    throw error
  }
  await file.close()
  await moveInto(part, path, force)
}

/** The same to a stream, such as standard output, at its pace. */
export async function receiveStream(stream: NodeJS.WritableStream, receiver: Receiver): Promise<void> {
  const write = (chunk: Uint8Array) =>
    new Promise<void>((resolve, reject) => stream.write(chunk, (error) => (error ? reject(error) : resolve())))
  const arrived = await receive(receiver, { hash: createHash('sha256'), done: 0 }, write)
  if (!matches(receiver.expected, arrived)) throw damaged(receiver.expected)
}

interface Arrived {
  hash: Hash
  done: number
}

async function receive(
  receiver: Receiver,
  begun: Arrived,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<Arrived> {
  const { expected, open, onProgress, mayComeBack } = receiver
  const { hash } = begun
  let { done } = begun
  let tries = 0
  while (done < expected.size) {
    try {
      for await (const chunk of await open(done)) {
        await write(chunk)
        hash.update(chunk)
        done += chunk.byteLength
        tries = 0
        onProgress(done)
      }
      if (done < expected.size) throw new CutOff()
    } catch (error) {
      if (tries >= TRIES || !(error instanceof CutOff || mayComeBack(error))) throw error
      await delay(Math.min(RETRY.first * 2 ** tries, RETRY.longest))
      tries += 1
    }
  }
  return { hash, done }
}

/** The connection ended in good order, but too early. */
class CutOff extends Error {
  override readonly message = 'the connection ended before the file did'
}

const DAMAGED = Symbol('damaged')

function matches(expected: Expected, arrived: Arrived): boolean {
  if (arrived.done !== expected.size) return false
  return expected.sha256 === null || arrived.hash.digest('hex') === expected.sha256
}

function damaged(expected: Expected): CliError {
  return new CliError(`${expected.filename} did not arrive as it was sent: its SHA-256 is another`, {
    hint: 'Download it again; if it happens again, the storage or a proxy damages it.',
    cause: DAMAGED,
  })
}

async function openPart(part: string): Promise<FileHandle> {
  try {
    return await open(part, 'a+')
  } catch (error) {
    throw new CliError(`${part} cannot be written: ${notThere(error, part)}`, {
      hint: 'Choose another place with -o PATH.',
      exit: exitCode.cannotCreate,
      cause: error,
    })
  }
}

function notThere(error: unknown, part: string): string {
  const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
  return absent ? `the folder ${dirname(part)} does not exist` : reason(error)
}

/** What a part from before holds; one that is longer than the file is not of it. */
async function hashOf(part: string, file: FileHandle, size: number): Promise<Arrived> {
  const hash = createHash('sha256')
  const found = (await file.stat()).size
  if (found > size) {
    await file.truncate(0)
    return { hash, done: 0 }
  }
  for await (const chunk of createReadStream(part)) hash.update(chunk as Uint8Array)
  return { hash, done: found }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  try {
    await file.writeFile(chunk)
  } catch (error) {
    throw new CliError(`the file cannot be written: ${reason(error)}`, { cause: error })
  }
}

/** A link fails where a file has come to be meanwhile; where the file system has no links, a rename has to do. */
async function moveInto(part: string, path: string, force: boolean): Promise<void> {
  if (force) return rename(part, path)
  try {
    await link(part, path)
    await rm(part)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new CliError(`${path} exists already; the download is in ${part}`, {
        hint: 'Overwrite it with --force.',
        cause: error,
      })
    }
    await rename(part, path)
  }
}
