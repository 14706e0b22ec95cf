import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Problem } from '@errand/engine'
import { base64url, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { JWT_ALGORITHMS, jwtAuthenticator, openEdx } from './jwt-authenticator.ts'

type Algorithm = (typeof JWT_ALGORITHMS)[number]
type Keys = Awaited<ReturnType<typeof generateKeyPair>> & { kid: string; alg: Algorithm }

const ISSUER = 'https://lms.example.org/oauth2'
const AUDIENCE = 'errand'

const make = async (kid: string, alg: Algorithm): Promise<Keys> => ({
  kid,
  alg,
  ...(await generateKeyPair(alg, { extractable: true })),
})
let published: Keys[] = []
let asked = 0
let jwks = ''
let keys: Keys
const platform = createServer((_request, response) => {
  asked++
  void Promise.all(
    published.map(async ({ alg, kid, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg })),
  ).then((all) => response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: all })))
})
beforeAll(async () => {
  await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve))
  jwks = `http://127.0.0.1:${(platform.address() as AddressInfo).port}/jwks.json`
  keys = await make('first', 'RS512')
  published = [keys]
})
afterAll(() => new Promise((resolve) => platform.close(resolve)))

const claims = {
  preferred_username: 'ada',
  name: 'Ada Lovelace',
  email: 'ada@example.org',
  administrator: false,
  scopes: ['read', 'email', 'profile'],
  version: '1.2.0',
  roles: ['course_staff:course-v1:Org+C+R', 'course_editor:course-v1:Org+D+R', 'enterprise_learner:1', 'nothing'],
}
const token = (more: Record<string, unknown> = {}, { alg, kid, privateKey }: Keys = keys, expires = '5 minutes') =>
  new SignJWT({ ...claims, ...more })
    .setProtectedHeader({ alg, kid })
    .setIssuedAt()
    .setIssuer(typeof more.iss === 'string' ? more.iss : ISSUER)
    .setAudience(typeof more.aud === 'string' ? more.aud : AUDIENCE)
    .setExpirationTime(expires)
    .sign(privateKey)
const authenticator = (source: Parameters<typeof jwtAuthenticator>[0]['jwks'] = jwks) =>
  jwtAuthenticator({ jwks: source, issuer: ISSUER, audience: AUDIENCE, ...openEdx })
const request = (authorization: string, url = 'https://errand.example.org/api/v1/me') =>
  new Request(url, { headers: authorization === '' ? {} : { authorization } })
const refusal = async (jwt: string) => {
  const answer = await Promise.resolve(authenticator()(request(`Bearer ${jwt}`))).catch((error: Problem) => error)
  if (answer === null) return 'nobody'
  return 'code' in answer ? answer.code : answer
}

test.each(['Bearer', 'JWT', 'bearer'])(
  'the Open edX preset takes a token as its platform makes it, after %s',
  async (prefix) => {
    expect(await authenticator()(request(`${prefix} ${await token()}`))).toEqual({
      id: 'ada',
      name: 'Ada Lovelace',
      email: 'ada@example.org',
      staff: false,
      // Editors may look, staff may import and export; roles that mean nothing here give nothing.
      roles: [
        { scope: 'course:course-v1:Org+C+R', role: 'staff' },
        { scope: 'course:course-v1:Org+D+R', role: 'team' },
      ],
    })
    expect(await authenticator()(request(`JWT ${await token({ administrator: true })}`))).toMatchObject({ staff: true })
  },
)

test.each(JWT_ALGORITHMS)('%s', async (alg) => {
  const own = await make('own', alg)
  const { kid, publicKey } = own
  const local = authenticator({ keys: [{ ...(await exportJWK(publicKey)), kid, alg }] })
  expect(await local(request(`Bearer ${await token({}, own)}`))).toMatchObject({ id: 'ada' })
})

test('expired, from elsewhere, for somebody else, without an end', async () => {
  expect(await refusal(await token({}, keys, '-2 minutes'))).toBe('unauthenticated')
  expect(await refusal(await token({ iss: 'https://evil.example' }))).toBe('unauthenticated')
  expect(await refusal(await token({ aud: 'another-service' }))).toBe('unauthenticated')
  const endless = new SignJWT(claims).setProtectedHeader({ alg: keys.alg, kid: keys.kid }).setIssuer(ISSUER)
  expect(await refusal(await endless.setAudience(AUDIENCE).sign(keys.privateKey))).toBe('unauthenticated')
})

test('clocks may differ by the leeway, and no more', async () => {
  expect(await refusal(await token({}, keys, '-10 seconds'))).toMatchObject({ id: 'ada' })
  expect(await refusal(await token({}, keys, '-45 seconds'))).toBe('unauthenticated')
})

test('alg none, and HS256 with the public key as its secret', async () => {
  const [, payload] = (await token()).split('.')
  const none = `${base64url.encode(JSON.stringify({ alg: 'none' }))}.${payload}.`
  expect(await refusal(none)).toBe('unauthenticated')
  const head = `${base64url.encode(JSON.stringify({ alg: 'HS256', kid: keys.kid }))}.${payload}`
  const secret = await exportSPKI(keys.publicKey)
  expect(await refusal(`${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`)).toBe(
    'unauthenticated',
  )
})

test('what was changed after it was signed, and what another key signed', async () => {
  const [header, , signature] = (await token()).split('.')
  const forged = base64url.encode(
    JSON.stringify({ ...claims, administrator: true, iss: ISSUER, aud: AUDIENCE, exp: 9e9 }),
  )
  expect(await refusal(`${header}.${forged}.${signature}`)).toBe('unauthenticated')
  expect(await refusal(await token({}, { ...(await make('x', 'RS512')), kid: keys.kid }))).toBe('unauthenticated')
})

test('a rotated key is found; the withdrawn one is not taken any more', async () => {
  const before = authenticator()
  const old = keys
  expect(await before(request(`Bearer ${await token({}, old)}`))).toMatchObject({ id: 'ada' })
  keys = await make('second', 'ES256')
  published = [keys]
  // Another process, or this one after the cool-down: it sees what is published now.
  const after = authenticator()
  expect(await after(request(`Bearer ${await token()}`))).toMatchObject({ id: 'ada' })
  await expect(after(request(`Bearer ${await token({}, old)}`))).rejects.toMatchObject({ code: 'unauthenticated' })
})

test('made-up key ids do not make us ask the platform again and again', async () => {
  const one = authenticator()
  const stranger = await make('made-up', 'ES256')
  const before = asked
  for (let round = 0; round < 5; round++) {
    await expect(one(request(`Bearer ${await token({}, stranger)}`))).rejects.toMatchObject({ status: 401 })
  }
  expect(asked - before).toBe(1)
})

test('a token in the address is nobody', async () => {
  const jwt = await token()
  for (const name of ['token', 'access_token', 'jwt', 'authorization']) {
    expect(await authenticator()(request('', `https://errand.example.org/api/v1/me?${name}=${jwt}`))).toBeNull()
  }
})

test('keys that cannot be read let nobody pass', async () => {
  const gone = authenticator('http://127.0.0.1:9/jwks.json')
  await expect(gone(request(`Bearer ${await token()}`))).rejects.toMatchObject({
    code: 'identity-unreachable',
    status: 503,
  })
})

test('the token is taken from two cookies where that is asked for, and a header wins over them', async () => {
  const cookies = { payload: 'edx-jwt-cookie-header-payload', signature: 'edx-jwt-cookie-signature' }
  const byCookie = jwtAuthenticator({ jwks, issuer: ISSUER, audience: AUDIENCE, cookies, ...openEdx })
  const [header, payload, signature] = (await token()).split('.')
  const both = `csrftoken=x; edx-jwt-cookie-header-payload=${header}.${payload}; edx-jwt-cookie-signature=${signature}`
  const asked = (headers: Record<string, string>) => new Request('https://errand.example.org/', { headers })
  expect(await byCookie(asked({ cookie: both }))).toMatchObject({ id: 'ada' })
  expect(await authenticator()(asked({ cookie: both }))).toBeNull()
  expect(await byCookie(asked({ cookie: both, authorization: 'Basic YTpi' }))).toBeNull()
  expect(await byCookie(asked({ cookie: `edx-jwt-cookie-header-payload=${header}.${payload}` }))).toBeNull()
  const other = (await token({ preferred_username: 'root' })).split('.')[1]
  const forged = both.replace(`.${payload};`, `.${other};`)
  await expect(byCookie(asked({ cookie: forged }))).rejects.toMatchObject({ code: 'unauthenticated', status: 401 })
})
