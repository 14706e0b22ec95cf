import { Problem } from '@errand/engine'
import { type DoorContext, limited, type ServerEnv } from '@errand/server'
import type { Hono } from 'hono'
import { assertArchiveName, findArchive, keyOf, startImport, takePiece, takeWhole } from './archive.ts'
import { courseFor } from './course.ts'
import { takeFormFile } from './form-file.ts'
import { readPiece } from './piece.ts'
import { importStatus, notYetImported } from './status.ts'

/** The first number that an import has: it has been asked for. */
const ASKED_FOR = 1

/** `POST` or `PUT import/KEY` takes an archive in, whole or in pieces; `GET import_status/KEY/NAME` says how far it is. */
export function addImport(app: Hono<ServerEnv>, { engine, uploadLimit }: DoorContext): void {
  app.on(['POST', 'PUT'], '/import/:course', async (c) => {
    const who = c.get('principal')
    const course = await courseFor(engine, 'course.import', c.req.param('course'), who)
    const piece = readPiece(c.req.header('content-range'))
    if (piece !== undefined && piece.size > uploadLimit) throw tooLarge(uploadLimit)
    const arrived = await takeFormFile(c.req.raw, 'course-data', async (file) => {
      const incoming = { course, filename: file.filename, who }
      await assertArchiveName(engine, incoming)
      if (piece !== undefined) return { incoming, upload: await takePiece(engine, incoming, piece, file) }
      const body = limited(file.body, uploadLimit, () => tooLarge(uploadLimit))
      return {
        incoming,
        upload: { id: await takeWhole(engine, incoming, { ...file, body }), complete: true, offset: 0 },
      }
    })
    c.header('Cache-Control', 'no-store')
    const { incoming, upload } = arrived
    if (upload.complete && (piece === undefined || piece.end === piece.size)) {
      await startImport(engine, incoming, upload.id)
      return c.json({ ImportStatus: ASKED_FOR })
    }
    const { filename: name } = incoming
    const more = {
      name,
      size: upload.offset,
      deleteUrl: '',
      deleteType: '',
      url: `/import/${course}`,
      thumbnailUrl: '',
    }
    return c.json({ files: [more] })
  })

  app.get('/import_status/:course/:filename{.+}', async (c) => {
    const who = c.get('principal')
    const course = await courseFor(engine, 'course.import', c.req.param('course'), who)
    const upload = await findArchive(engine, { course, filename: c.req.param('filename'), who })
    const task = upload?.complete ? await engine.findSubmitted(keyOf(upload.id), who) : undefined
    c.header('Cache-Control', 'no-store')
    return c.json(task === undefined ? notYetImported : importStatus(task))
  })
}

/** @param limit - bytes */
export function tooLarge(limit: number): Problem {
  return new Problem({
    code: 'upload-too-large',
    status: 413,
    title: 'The archive is too large',
    detail: `It may have ${limit} bytes.`,
    hint: 'Make it smaller, or ask whoever runs this platform to raise the limit.',
    extensions: { limit },
  })
}
