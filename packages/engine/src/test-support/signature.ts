import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Whoever may ask the S3 server of the tests: the one account that s3rver knows. */
export const credentials = { accessKey: 'S3RVER', secretKey: 'S3RVER', region: 'eu-central-1' }

/**
 * Whether a request to S3 is signed as AWS Signature Version 4 says, in its headers or in its address. The S3 server of
 * the tests takes any version 4 signature for a good one; a storage that signs wrongly must not pass.
 */
export function isSigned(request: IncomingMessage): boolean {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const { authorization = '' } = request.headers
  const header = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
    authorization,
  )
  const query = url.searchParams
  const credential = header?.[1] ?? query.get('X-Amz-Credential') ?? ''
  const signed = (header?.[2] ?? query.get('X-Amz-SignedHeaders') ?? '').split(';')
  const given = header?.[3] ?? query.get('X-Amz-Signature') ?? ''
  const time = header ? String(request.headers['x-amz-date']) : (query.get('X-Amz-Date') ?? '')
  const [accessKey, day = '', region, service, end] = credential.split('/')
  if (accessKey !== credentials.accessKey || region !== credentials.region || service !== 's3') return false
  if (end !== 'aws4_request' || !time.startsWith(day) || !signed.includes('host')) return false
  if (!header && isOver(time, Number(query.get('X-Amz-Expires')))) return false
  const payload = header ? String(request.headers['x-amz-content-sha256']) : 'UNSIGNED-PAYLOAD'
  const canonical = [
    request.method,
    url.pathname,
    [...query]
      .filter(([name]) => name !== 'X-Amz-Signature')
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...signed.map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replaceAll(/ +/g, ' ')}`,
    ),
    '',
    signed.join(';'),
    payload,
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', time, [day, region, service, end].join('/'), sha256(canonical)].join('\n')
  const key = [day, region, service, end].reduce<string | Buffer>(
    (before, part) => createHmac('sha256', before).update(part).digest(),
    `AWS4${credentials.secretKey}`,
  )
  const wanted = createHmac('sha256', key).update(text).digest('hex')
  return given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted))
}

function isOver(time: string, seconds: number): boolean {
  const start = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'))
  return !(Date.now() <= start + seconds * 1_000)
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
