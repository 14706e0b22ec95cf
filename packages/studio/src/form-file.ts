import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Problem } from '@errand/engine'
import busboy from 'busboy'

/** A file in a form, while it arrives. */
export interface FormFile {
  /** Without a path. */
  filename: string
  mediaType: string
  body: AsyncIterable<Uint8Array>
}

/** What else a form may have beside the file. Browsers and scripts send none of it. */
const LIMITS = { fields: 20, fieldSize: 1_024, parts: 30, headerPairs: 50 }

/**
 * Hands the file in a form's field to `take`, as it comes; other files are passed over. What `take` refuses is not read to
 * its end.
 *
 * @throws {Problem} `form-expected` (415), `form-malformed` (400), `form-file-missing` (400), and what `take` throws
 */
export async function takeFormFile<T>(
  request: Request,
  field: string,
  take: (file: FormFile) => Promise<T>,
): Promise<T> {
  const parser = open(request)
  // A refusal in the middle must not cancel the request: the client could not read the answer.
  const source = Readable.from(request.body?.values({ preventCancel: true }) ?? [])
  const taken = new Promise<T>((resolve, reject) => {
    let found = false
    parser.on('file', (name, stream, { filename, mimeType }) => {
      if (found || name !== field) {
        stream.resume()
        return
      }
      found = true
      take({ filename: filename ?? '', mediaType: mimeType, body: whole(stream) }).then(resolve, reject)
    })
    parser.on('error', (error) => reject(malformed(error)))
    parser.on('close', () => {
      if (!found) reject(missing(field))
    })
  })
  const fed = pipeline(source, parser)
  // What goes wrong there is seen by whoever reads the file; where nobody does, below.
  fed.catch(() => undefined)
  try {
    const result = await taken
    await fed.catch((error: unknown) => {
      throw malformed(error)
    })
    return result
  } finally {
    source.destroy()
    parser.destroy()
  }
}

function open(request: Request): busboy.Busboy {
  try {
    return busboy({
      headers: { 'content-type': request.headers.get('content-type') ?? '' },
      // Browsers send names of files in UTF-8.
      defParamCharset: 'utf8',
      limits: LIMITS,
    })
  } catch (error) {
    throw new Problem({
      code: 'form-expected',
      status: 415,
      title: 'The archive must come in a form',
      detail: `The Content-Type is ${request.headers.get('content-type') ?? 'missing'}.`,
      hint: 'Send multipart/form-data.',
      cause: error,
    })
  }
}

/** The bytes of the file; a form that breaks off is a problem of ours. */
async function* whole(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* stream
  } catch (error) {
    throw malformed(error)
  }
}

function malformed(cause: unknown): Problem {
  return new Problem({
    code: 'form-malformed',
    status: 400,
    title: 'The form did not arrive whole',
    detail: cause instanceof Error ? cause.message : String(cause),
    hint: 'Send it again.',
    cause,
  })
}

function missing(field: string): Problem {
  return new Problem({
    code: 'form-file-missing',
    status: 400,
    title: 'There is no archive in the form',
    detail: `It has no file in the field ${field}.`,
    hint: `Send the archive as ${field}.`,
  })
}
