import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { packSample } from '@errand/course/sample'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openPlace, type Place } from './place.ts'

/**
 * Studio's front end against `errand serve`: the requests of `src/import-page/data/api.ts` and `src/export-page/data/api.ts`
 * of openedx/frontend-app-authoring at f10e018, with the same paths, headers, fields and cookies, and their answers read as it
 * reads them. The platform's part is a server with its public keys.
 */

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const PACK = fileURLToPath(new URL('../packs/course', import.meta.url))
const APPS = 'https://apps.example.org'
const ISSUER = 'https://lms.example.org/oauth2'
const COURSE = 'course-v1:Errand+TIDES101+studio'
const UNKNOWN = 'course-v1:Errand+NONE+studio'

let folder: string
let place: Place
let archive: Buffer
let base: string
let cookiesOf: (name: string, roles: string[]) => Promise<string>
let ada: string
const platform = createServer()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-studio-'))
  archive = await buffer(packSample())
  const { privateKey, publicKey } = await generateKeyPair('RS512')
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS512' }] })
  platform.on('request', (_request, response) => response.setHeader('content-type', 'application/json').end(jwks))
  await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve))
  cookiesOf = async (name, roles) => {
    const jwt = new SignJWT({ preferred_username: name, name, administrator: false, roles })
      .setProtectedHeader({ alg: 'RS512', kid: 'k' })
      .setIssuer(ISSUER)
      .setAudience('errand')
      .setExpirationTime('2 hours')
    const [header, payload, signature] = (await jwt.sign(privateKey)).split('.')
    return `edx-jwt-cookie-header-payload=${header}.${payload}; edx-jwt-cookie-signature=${signature}`
  }
  ada = await cookiesOf('ada', [`course_staff:${COURSE}`, `course_staff:${UNKNOWN}`])
  place = await openPlace(folder, 'studio', {
    ERRAND_DATABASE_TEMPLATE: process.env.ERRAND_DATABASE_TEMPLATE,
    ERRAND_STUDIO: JSON.stringify({ origins: [APPS] }),
    ERRAND_IDENTITY: JSON.stringify({
      jwt: {
        preset: 'open-edx',
        jwks: `http://127.0.0.1:${(platform.address() as AddressInfo).port}/jwks.json`,
        issuer: ISSUER,
        audience: 'errand',
        cookies: { payload: 'edx-jwt-cookie-header-payload', signature: 'edx-jwt-cookie-signature' },
      },
    }),
  })
  base = `http://127.0.0.1:${place.port}`
  await place.launch(['serve', PACK, '--port', place.port, '--data', join(folder, 'data')]).ready
})
afterAll(async () => {
  await place?.close()
  platform.close()
  await rm(folder, { recursive: true, force: true })
})

/** The front end's HTTP client, of a person who is signed in: cookies, its own header, and names read in camel case. */
async function ask(path: string, init: RequestInit = {}, cookie = ada): Promise<Record<string, unknown>> {
  const headers = { cookie, origin: APPS, 'USE-JWT-COOKIE': 'true', 'X-CSRFToken': 'of-studio', ...init.headers }
  const response = await fetch(base + path, {
    ...init,
    headers: { accept: 'application/json, text/plain, */*', ...headers },
  })
  if (!response.ok) throw new Error(`Request failed with status code ${response.status}`)
  return camelCase(await response.json()) as Record<string, unknown>
}

function camelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCase)
  if (typeof value !== 'object' || value === null) return value
  const named = (key: string) =>
    key
      .replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
      .replace(/^./, (letter) => letter.toLowerCase())
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [named(key), camelCase(inner)]))
}

/** `startCourseImporting`; its pieces have 20,000,000 bytes, and here as many as are asked for. */
async function startCourseImporting(course: string, file: File, chunkSize: number): Promise<Record<string, unknown>> {
  let answer: Record<string, unknown> = {}
  for (let start = 0; start < file.size; start += chunkSize) {
    const stop = Math.min(start + chunkSize, file.size)
    const form = new FormData()
    form.append('course-data', file.slice(start, stop, file.type), file.name)
    answer = await ask(`/import/${course}`, {
      method: 'POST',
      body: form,
      headers: {
        'Content-Range': `bytes ${start}-${stop - 1}/${file.size}`,
        'Content-Disposition': `attachment; filename="${file.name}"`,
      },
    })
  }
  return answer
}

/** Asks as the pages do, until they would stop: at the last stage, or at an error. */
function polled(path: string, last: number): Promise<Record<string, unknown>> {
  return vi.waitUntil(
    async () => {
      const status = await ask(path)
      const stage = status.importStatus ?? status.exportStatus
      return stage === last || status.message || status.exportError !== undefined ? status : false
    },
    { timeout: 240_000, interval: 200 },
  )
}

test('a course is imported in pieces, exported, and what is downloaded holds it', async () => {
  const file = new File([new Uint8Array(archive)], 'Gezeiten 2.tar.gz', { type: 'application/gzip' })
  expect(await startCourseImporting(COURSE, file, Math.ceil(archive.length / 3))).toEqual({ importStatus: 1 })
  expect(await polled(`/import_status/${COURSE}/${file.name}`, 4)).toEqual({ importStatus: 4, message: '' })

  expect(await ask(`/export/${COURSE}`, { method: 'POST' })).toEqual({ exportStatus: 1 })
  const { exportOutput, ...status } = await polled(`/export_status/${COURSE}`, 3)
  expect(status).toEqual({ exportStatus: 3 })
  // The page puts Studio's address before it, and the browser follows the link with its cookies alone.
  expect(exportOutput).toBe(`/export_output/${COURSE}`)
  const download = await fetch(`${base}${exportOutput}`, { headers: { cookie: ada } })
  expect(download.headers.get('content-disposition')).toMatch(/^attachment;.*\.tar\.gz/)
  expect(gunzipSync(await download.arrayBuffer()).includes('course/course.xml')).toBe(true)
})

test('a broken archive, in pieces as large as the page’s own: the stage, negative, and a text', async () => {
  const file = new File([randomBytes(41_000_000)], 'broken.tar.gz')
  expect(await startCourseImporting(COURSE, file, 20_000_000)).toEqual({ importStatus: 1 })
  const status = await polled(`/import_status/${COURSE}/broken.tar.gz`, 4)
  expect(status.importStatus).toBe(-1)
  expect(status.message).toMatch(/archive/i)
})

test('a course that is not there is not exported, and the page is told why', async () => {
  await ask(`/export/${UNKNOWN}`, { method: 'POST' })
  const status = await polled(`/export_status/${UNKNOWN}`, 3)
  expect(status).toMatchObject({ exportStatus: -1, exportError: { rawErrorMsg: expect.stringContaining(UNKNOWN) } })
})

test('a stranger is refused with 403, which the page takes for a denial, and who is not signed in with 401', async () => {
  const eve = await cookiesOf('eve', [])
  for (const path of [`/import_status/${COURSE}/a.tar.gz`, `/export_status/${COURSE}`, `/export_output/${COURSE}`]) {
    await expect(ask(path, {}, eve)).rejects.toThrow('403')
    await expect(ask(path, {}, '')).rejects.toThrow('401')
  }
  await expect(ask(`/export/${COURSE}`, { method: 'POST' }, eve)).rejects.toThrow('403')
})
