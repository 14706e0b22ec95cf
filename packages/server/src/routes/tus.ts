import type { Readable } from 'node:stream'
import {
  type ArrivingUpload,
  type Engine,
  isProblem,
  type Principal,
  Problem,
  type UploadChecksum,
} from '@errand/engine'
import { DataStore, MemoryLocker, Metadata, Server, Upload } from '@tus/server'
import type { Context } from 'hono'
import { API_BASE } from '../config.ts'
import type { ServerContext, ServerEnv } from '../context.ts'
import { mediaTypeOf } from '../http/media-type.ts'

/** Two requests of one server for one upload wait for each other; between servers the record decides. */
const locker = new MemoryLocker()

/**
 * Uploads that can be resumed, as tus 1.0 says: `POST` begins one, `PATCH` sends what follows, `HEAD` asks how far it is,
 * `DELETE` gives it up. `Upload-Metadata` takes `filename`, `filetype` and `sha256` (in hex), which the whole is to have.
 *
 * @throws {Problem} what the engine says, and `upload-request-invalid` for what does not keep to the protocol
 */
export async function tus(c: Context<ServerEnv>, { engine, uploadLimit }: ServerContext): Promise<Response> {
  c.header('Tus-Resumable', '1.0.0')
  const store = new EngineStore(engine, c.get('principal'), checksumOf(c.req.header('upload-checksum')))
  let refused: unknown
  const server = new Server({
    path: `${API_BASE}/uploads`,
    datastore: store,
    relativeLocation: true,
    maxSize: uploadLimit,
    locker,
    onResponseError: (_request, error) => {
      refused = error
      return undefined
    },
  })
  const answer = await server.handleWeb(c.req.raw)
  if (isProblem(refused)) throw refused
  if (answer.status >= 400) throw invalid(answer.status, await answer.text())
  // Whether other sites may ask is not for this route alone to say.
  for (const [name, value] of answer.headers) if (!name.startsWith('access-control-')) c.header(name, value)
  c.header('Tus-Checksum-Algorithm', [...ALGORITHMS].join(','))
  c.header('Cache-Control', 'private, no-store')
  const { last } = store
  if (last?.expiresAt && !last.complete) c.header('Upload-Expires', last.expiresAt.toUTCString())
  return new Response(answer.body, { status: answer.status, headers: c.res.headers })
}

/** The engine as the library wants a store to be. */
class EngineStore extends DataStore {
  override extensions = ['creation', 'creation-with-upload', 'expiration', 'checksum', 'termination']
  readonly #engine: Engine
  readonly #who: Principal
  readonly #checksum: UploadChecksum | undefined
  /** What the engine last said of the upload. */
  last: ArrivingUpload | undefined

  constructor(engine: Engine, who: Principal, checksum: UploadChecksum | undefined) {
    super()
    this.#engine = engine
    this.#who = who
    this.#checksum = checksum
  }

  override async create(upload: Upload): Promise<Upload> {
    const { filename, filetype, sha256 } = upload.metadata ?? {}
    if (sha256 && !/^[0-9a-f]{64}$/.test(sha256)) throw invalid(400, 'The sha256 in Upload-Metadata is none.')
    this.last = await this.#engine.beginUpload(
      {
        filename: filename ?? 'upload',
        mediaType: mediaTypeOf(filetype),
        size: upload.size ?? 0,
        ...(upload.metadata === undefined ? {} : { metadata: Metadata.stringify(upload.metadata) }),
        ...(sha256 ? { sha256 } : {}),
      },
      this.#who,
    )
    // The engine names it; the address that the client is given is made of this.
    upload.id = this.last.id
    return upload
  }

  override async write(stream: Readable, id: string, offset: number): Promise<number> {
    this.last = await this.#engine.appendUpload(id, offset, stream, this.#who, this.#checksum)
    return this.last.offset
  }

  override async getUpload(id: string): Promise<Upload> {
    this.last = await this.#engine.arrivingUpload(id, this.#who)
    const { createdAt, metadata, offset, size } = this.last
    const parsed = metadata === null ? {} : { metadata: Metadata.parse(metadata) }
    return new Upload({ id, size, offset, creation_date: createdAt.toISOString(), ...parsed })
  }

  override remove(id: string): Promise<void> {
    return this.#engine.removeUpload(id, this.#who)
  }
}

const ALGORITHMS = new Set(['sha1', 'sha256', 'md5'] as const)

function checksumOf(header: string | undefined): UploadChecksum | undefined {
  if (header === undefined) return undefined
  const [name, digest = '', ...rest] = header.split(' ')
  const algorithm = [...ALGORITHMS].find((one) => one === name)
  if (algorithm === undefined || rest.length > 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(digest)) {
    throw invalid(400, `Upload-Checksum takes ${[...ALGORITHMS].join(', ')} and a digest in base64.`)
  }
  return { algorithm, digest }
}

function invalid(status: number, detail: string): Problem {
  const large = status === 413
  return new Problem({
    code: large ? 'upload-too-large' : 'upload-request-invalid',
    status,
    title: large ? 'The file is too large' : 'The upload was not asked for as tus 1.0 says',
    detail: detail.trim(),
    hint: large ? 'Upload a smaller file.' : 'See https://tus.io/protocols/resumable-upload for the protocol.',
  })
}
