/// <reference path="./s3rver.d.ts" />
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoreConfig } from '@errand/task'
import S3rver from 's3rver'
import { credentials, isSigned } from './signature.ts'

/** A storage server of a test's own. */
export interface StorageServer {
  config: StoreConfig
  /** Refuses connections until `start`; what is stored stays. */
  stop(): Promise<void>
  /** On the same port as before. */
  start(): Promise<void>
  close(): Promise<void>
}

const BUCKET = 'errand'

/** A real S3 server on a free port, which refuses what is not signed with its key. */
export async function s3Server(): Promise<StorageServer> {
  const directory = await mkdtemp(join(tmpdir(), 'errand-s3-'))
  const s3 = new S3rver({ directory, silent: true, configureBuckets: [{ name: BUCKET, configs: [] }] })
  await s3.configureBuckets()
  const answer = s3.callback()
  const server = createServer((request, response) => {
    if (isSigned(request)) return answer(request, response)
    request.resume()
    response.writeHead(403, { 'content-type': 'application/xml', connection: 'close' })
    response.end('<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>Not signed.</Message></Error>')
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    config: {
      scheme: 's3',
      bucket: BUCKET,
      endpoint: `http://127.0.0.1:${port}`,
      region: credentials.region,
      access_key_id: credentials.accessKey,
      secret_access_key: credentials.secretKey,
      root: '/some/where',
      // Nothing but these: no look at the machine's own accounts.
      disable_config_load: 'true',
      disable_ec2_metadata: 'true',
    },
    stop,
    start: () => listen(port),
    async close() {
      if (server.listening) await stop()
      s3.logger.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
