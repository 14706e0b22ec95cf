import { randomUUID } from 'node:crypto'
import { PassThrough, Readable, Writable } from 'node:stream'
import type { StoreConfig } from '@errand/task'
import type { Operator } from 'opendal'
import { PARTIAL } from './folder.ts'
import { READ_CHUNK } from './reading.ts'
import type { WriteOptions } from './store.ts'

/** Backends that take a big object in parts and serve it with the headers that were kept with it. */
const IN_PARTS = new Set(['s3', 'gcs', 'azblob'])

/** Bytes of a part. The least is 5 MiB on S3, whose 10,000 parts then hold 80 GiB. */
const PART = 8 << 20

/** Parts on their way at once: enough to hide the wait for an answer, little enough memory for many streams. */
const PARTS_AT_ONCE = 2

/** A stream into an object, by OpenDAL. One that is given up never becomes the object. */
export function writeObject(operator: Operator, scheme: string, key: string, options: WriteOptions = {}): Writable {
  const { disposition, mediaType } = options
  const kept = {
    ...(mediaType === undefined ? {} : { contentType: mediaType }),
    ...(disposition === undefined ? {} : { contentDisposition: disposition }),
  }
  const opening = operator.writer(
    key,
    IN_PARTS.has(scheme) ? { chunk: BigInt(PART), concurrent: PARTS_AT_ONCE, ...kept } : {},
  )
  opening.catch(() => undefined)
  const store = async (chunk: Buffer) => (await opening).write(chunk)
  return new Writable({
    highWaterMark: READ_CHUNK,
    write(chunk: Buffer, _encoding, done) {
      store(chunk).then(() => done(), done)
    },
    final(done) {
      opening.then((writer) => writer.close()).then(() => done(), done)
    },
  })
}

/**
 * A stream into a file of a WebDAV server: one PUT beside it, moved into place once it is whole. OpenDAL can only put
 * what it has in memory as a whole there.
 */
export function putObject(operator: Operator, config: StoreConfig, key: string): Writable {
  const aside = `${PARTIAL}/${randomUUID()}`
  const body = new PassThrough({ highWaterMark: READ_CHUNK })
  const gone = new AbortController()
  // Whoever writes is told through the callbacks.
  body.on('error', () => undefined)
  const sent = put(operator, config, aside, body, gone.signal)
  sent.catch((error: unknown) => body.destroy(error instanceof Error ? error : new Error(String(error))))
  let moved = false
  return new Writable({
    highWaterMark: READ_CHUNK,
    write(chunk: Buffer, _encoding, done) {
      if (body.destroyed) return done(body.errored ?? new Error('The server has ended the transfer.'))
      if (body.write(chunk)) return done()
      const settle = () => {
        body.off('drain', settle).off('close', settle)
        done(body.errored)
      }
      body.once('drain', settle).once('close', settle)
    },
    final(done) {
      body.end()
      sent
        .then(async () => {
          await operator.rename(aside, key)
          moved = true
        })
        .then(() => done(), done)
    },
    destroy(error, done) {
      if (moved) return done(error)
      gone.abort()
      body.destroy()
      sent
        .catch(() => undefined)
        .then(() => operator.delete(aside))
        .then(
          () => done(error),
          () => done(error),
        )
    },
  })
}

async function put(
  operator: Operator,
  config: StoreConfig,
  key: string,
  body: Readable,
  signal: AbortSignal,
): Promise<void> {
  await operator.createDir(`${PARTIAL}/`)
  const { endpoint = '', password, root = '', token, username } = config
  const path = `${root}/${key}`.split('/').filter((part) => part !== '')
  const headers = new Headers({ 'Content-Type': 'application/octet-stream' })
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`)
  else if (username !== undefined) {
    headers.set('Authorization', `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`)
  }
  const answer = await fetch(`${endpoint.replace(/\/+$/, '')}/${path.map(encodeURIComponent).join('/')}`, {
    method: 'PUT',
    headers,
    body: Readable.toWeb(body),
    duplex: 'half',
    signal,
  })
  await answer.body?.cancel()
  if (!answer.ok) throw new Error(`The WebDAV server answered ${answer.status} ${answer.statusText}`.trim())
}
