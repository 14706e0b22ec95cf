import { type ArrivingUpload, type Engine, type Principal, Problem } from '@errand/engine'
import type { CourseTask } from './course.ts'
import type { FormFile } from './form-file.ts'
import { bytesFrom, type Piece } from './piece.ts'

const IMPORT: CourseTask = 'course.import'

/** An archive on its way to a course: whose, which course, and what the file is called. */
export interface Incoming {
  course: string
  filename: string
  who: Principal
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const PLAIN_NAME = /^(?!\.{1,2}$)[^/\\\u0000-\u001f\u007f]{1,255}$/

/**
 * Refuses what is no name of an archive. A path is never made of it: this is for whoever sees the name.
 *
 * @throws {Problem} `archive-name` (415)
 */
export async function assertArchiveName(engine: Engine, { filename, who }: Incoming): Promise<void> {
  const definitions = await engine.definitions(who)
  const accept =
    definitions.find(({ name, promoted }) => name === IMPORT && promoted)?.shape.uploads.archive?.accept ?? []
  const known = accept.length === 0 || accept.some((ending) => filename.toLowerCase().endsWith(ending))
  if (known && PLAIN_NAME.test(filename)) return
  throw new Problem({
    code: 'archive-name',
    status: 415,
    title: 'This is no archive of a course',
    detail: `The file is called ${JSON.stringify(filename.slice(0, 255))}.`,
    hint: `Send a file whose name ends with ${accept.join(', ')}.`,
  })
}

/**
 * The upload to which pieces of this archive belong, or belonged: the newest of this name that this person sent for the
 * course.
 */
export function findArchive(engine: Engine, incoming: Incoming): Promise<ArrivingUpload | undefined> {
  return engine.findUpload(metadataOf(incoming), incoming.who)
}

/** Takes an archive in as a whole. @returns the id of the upload */
export async function takeWhole(engine: Engine, incoming: Incoming, file: FormFile): Promise<string> {
  const { filename, who } = incoming
  const { body, mediaType } = file
  return (await engine.createUpload({ filename, mediaType, body, metadata: metadataOf(incoming) }, who)).id
}

/**
 * Takes a piece in. The first begins the archive anew; one that was stored before is passed over, and of one that broke off
 * what is missing is taken.
 *
 * @throws {Problem} `piece-missing` (409) when pieces before this one are not there, `piece-size`, and what the engine says
 */
export async function takePiece(
  engine: Engine,
  incoming: Incoming,
  piece: Piece,
  file: FormFile,
): Promise<ArrivingUpload> {
  const { who } = incoming
  const upload = piece.start === 0 ? await begin(engine, incoming, piece, file) : await findArchive(engine, incoming)
  if (upload === undefined || upload.size !== piece.size || upload.offset < piece.start) throw missing(incoming, upload)
  const bytes = bytesFrom(piece, upload.offset, file.body)
  if (upload.offset < piece.end) return engine.appendUpload(upload.id, upload.offset, bytes, who)
  // Read all the same: a client that is still sending does not see an answer.
  for await (const _ of bytes);
  return upload
}

async function begin(engine: Engine, incoming: Incoming, { size }: Piece, file: FormFile): Promise<ArrivingUpload> {
  const { filename, who } = incoming
  const before = await findArchive(engine, incoming)
  if (before !== undefined && !before.complete) await engine.removeUpload(before.id, who)
  return engine.beginUpload({ filename, mediaType: file.mediaType, size, metadata: metadataOf(incoming) }, who)
}

/**
 * Imports what has arrived. Asked again about the same upload, as when a client did not hear the answer, it leads to the same
 * task. Where another import of the course is running it waits for that one, as Studio's front end knows no refusal.
 */
export async function startImport(engine: Engine, { course, who }: Incoming, upload: string): Promise<string> {
  const { task } = await engine.submit(
    {
      definition: IMPORT,
      input: { course },
      uploads: { archive: upload },
      idempotencyKey: keyOf(upload),
      conflict: 'wait',
    },
    who,
  )
  return task.id
}

/** The key under which the import of an upload was asked for. */
export function keyOf(upload: string): string {
  return `studio-import-${upload}`
}

/** What is said of an upload, so that the next piece finds it: in the form of `Upload-Metadata` of tus 1.0. */
function metadataOf({ course, filename }: Incoming): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  return `filename ${base64(filename)},studio-import ${base64(course)}`
}

function missing({ filename }: Incoming, upload: ArrivingUpload | undefined): Problem {
  return new Problem({
    code: 'piece-missing',
    status: 409,
    title: 'Parts of the file are missing',
    detail:
      upload === undefined
        ? `Nothing of ${filename} has arrived before this part.`
        : `Of ${filename}, which has ${upload.size} bytes, ${upload.offset} have arrived.`,
    hint: 'Send the file again from its beginning.',
  })
}
