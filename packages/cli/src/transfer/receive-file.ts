import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Artifact, ErrandClient } from '@errand/client'
import { downloadFile } from '@errand/client/node'
import { CliError } from '../cli-error.ts'
import { exitCode } from '../exit-codes.ts'
import { reason } from '../folder/data-folder.ts'
import type { Output } from '../output.ts'
import { transferDisplay } from './transfer-display.ts'

/**
 * Downloads to a file, with the progress on a terminal. A download that was cut off goes on where it stopped.
 *
 * @throws {CliError} when the file cannot be written
 */
export async function receiveFile(
  client: ErrandClient,
  artifact: Artifact,
  path: string,
  output: Output,
): Promise<void> {
  const display = displayOf(artifact, output)
  try {
    await downloadFile(client, artifact, path, { onProgress: display.update })
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw cannotWrite(path, error)
    throw error
  } finally {
    display.close()
  }
}

/**
 * Downloads to a stream, such as standard output, at its pace, and leaves it open.
 *
 * @throws {CliError} at the end, when what went through is not what was stored
 */
export async function receiveStream(
  client: ErrandClient,
  artifact: Artifact,
  stream: NodeJS.WritableStream,
  output: Output,
): Promise<void> {
  const display = displayOf(artifact, output)
  const hash = createHash('sha256')
  try {
    const { body } = await client.download(artifact, { onProgress: display.update })
    const through = new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        hash.update(chunk)
        stream.write(chunk, (error) => done(error))
      },
    })
    await pipeline(body, through)
  } finally {
    display.close()
  }
  if (artifact.sha256 === null || hash.digest('hex') === artifact.sha256) return
  throw new CliError(`${artifact.filename} did not arrive as it was stored: its SHA-256 is another`, {
    hint: 'What was written is not to be used; download it again.',
  })
}

function displayOf(artifact: Artifact, output: Output) {
  return transferDisplay(`Downloading ${artifact.filename}`, artifact.size ?? 0, output.terminal, output.paint)
}

function cannotWrite(path: string, error: Error): CliError {
  const absent = 'code' in error && error.code === 'ENOENT'
  const why = absent ? `the folder ${dirname(path)} does not exist` : reason(error)
  return new CliError(`${path} cannot be written: ${why}`, {
    hint: 'Choose another place with -o PATH.',
    exit: exitCode.cannotCreate,
    cause: error,
  })
}
