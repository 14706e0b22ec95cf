import { afterAll, beforeAll, expect, test } from 'vitest'
import { problemOf, type RealServer, realServer, root } from '../testing/real-server.ts'

let server: RealServer
beforeAll(async () => {
  server = await realServer()
})
afterAll(() => server.stop())

const here = { 'sec-fetch-site': 'same-origin' }
const redeem = (link: string, headers: Record<string, string> = here) =>
  server.request('/api/v1/session', { as: 'nobody', json: { link }, headers })
const cookieOf = (response: Response) => (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
const signIn = async () => cookieOf(await redeem(await server.engine.people.signIn.createLink(root)))
const me = (cookie: string) => server.request('/api/v1/me', { as: 'nobody', headers: { cookie } })

test('a link signs in once, by a cookie that no script and no other site can use', async () => {
  const made = await server.request('/api/v1/session/links', { as: 'root', method: 'POST' })
  expect(made.status).toBe(201)
  const { link } = (await made.json()) as { link: string }
  const [path = '', secret = ''] = link.split('#')
  expect((await server.request(path, { as: 'nobody' })).status).toBe(200)
  const response = await redeem(secret)
  expect(response.status).toBe(200)
  expect(response.headers.get('set-cookie')).toMatch(/^errand_session=.*; Path=\/; .*HttpOnly; SameSite=Lax$/)
  expect(await (await me(cookieOf(response))).json()).toMatchObject({
    id: 'root',
    may: { administer: true },
    session: { expiresAt: expect.any(String) },
  })
  expect(await problemOf(await redeem(secret))).toMatchObject({ code: 'sign-in-link-invalid' })
  expect(JSON.stringify(server.logged)).not.toContain(secret)
})

test('where TLS ends at a proxy the cookie travels by TLS alone', async () => {
  const link = await server.engine.people.signIn.createLink(root)
  const response = await redeem(link, { ...here, 'x-forwarded-proto': 'https' })
  expect(response.headers.get('set-cookie')).toContain('; Secure')
})

test('signing out ends the session, not only the cookie', async () => {
  const cookie = await signIn()
  const out = await server.request('/api/v1/session', {
    as: 'nobody',
    method: 'DELETE',
    headers: { cookie, ...here },
  })
  expect(out.status).toBe(204)
  expect(out.headers.get('set-cookie')).toMatch(/^errand_session=; Max-Age=0/)
  expect((await me(cookie)).status).toBe(401)
})

test('session fixation: a session that somebody planted is not the one that is signed in', async () => {
  const planted = await signIn()
  const response = await redeem(await server.engine.people.signIn.createLink(root), { ...here, cookie: planted })
  expect(cookieOf(response)).not.toBe(planted)
  expect((await me(planted)).status).toBe(401)
  expect((await me('errand_session=errand_session_chosen-by-somebody')).status).toBe(401)
})

test('CSRF: what another site sends with the cookie is refused, and so is what says nothing', async () => {
  const cookie = await signIn()
  const submit = (headers: Record<string, string>) =>
    server.request('/api/v1/tasks', {
      as: 'nobody',
      json: { definition: 'test.echo', input: { text: 'csrf' } },
      headers: { cookie, ...headers },
    })
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://elsewhere.test' },
    { origin: 'null' },
    {},
  ]) {
    expect(await problemOf(await submit(headers)), JSON.stringify(headers)).toMatchObject({ code: 'cross-site' })
  }
  expect((await submit(here)).status).toBe(202)
  expect((await submit({ origin: server.url })).status).toBe(202)
  // Nor can another site sign a visitor in as whom it likes.
  const link = await server.engine.people.signIn.createLink(root)
  expect(await problemOf(await redeem(link, { 'sec-fetch-site': 'cross-site' }))).toMatchObject({ code: 'cross-site' })
})

test('the page of the link runs its own script alone, and is framed by nobody', async () => {
  const policy = (await server.request('/sign-in', { as: 'nobody' })).headers.get('content-security-policy')
  expect(policy).toMatch(/default-src 'none'; script-src 'sha256-[^']+'; connect-src 'self'; frame-ancestors 'none'/)
})
