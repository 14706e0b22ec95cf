import { expect, test } from 'vitest'
import { createClient } from './client.ts'
import { json, scriptedServer } from './testing/scripted-server.ts'

const me = { id: 'ada', name: 'Ada', staff: false }

test('sends the token of the moment, and with what is done what the person uses', async () => {
  const { url, requests } = await scriptedServer(json(200, me), json(200, me), json(202, { id: 'x' }))
  let token = 'first'
  const client = createClient({ server: `${url}/`, token: () => token, as: 'cli' })
  expect(await client.me()).toEqual(me)
  token = 'second'
  await client.me()
  expect(requests.map((request) => request.headers.authorization)).toEqual(['Bearer first', 'Bearer second'])
  await client.submit({ definition: 'test.echo', input: {} })
  expect(requests.map((request) => request.headers['errand-client'])).toEqual([undefined, undefined, 'cli'])
  expect(requests[0]?.url).toBe('/api/v1/me')
})

test('keeps the path a platform serves it under', async () => {
  const { url, requests } = await scriptedServer(json(200, me), json(200, { id: 'a', size: 0 }))
  const client = createClient({ server: `${url}/errand` })
  await client.me()
  await client.artifact('a/b?c')
  expect(requests.map((request) => request.url)).toEqual(['/errand/api/v1/me', '/errand/api/v1/artifacts/a%2Fb%3Fc'])
})

test('a problem is thrown with all it says', async () => {
  const { url } = await scriptedServer(
    json(
      409,
      {
        type: 'urn:errand:problem:task-running',
        title: 'It runs',
        status: 409,
        detail: 'd',
        code: 'task-running',
        hint: 'h',
        task: 'x',
      },
      { 'Content-Type': 'application/problem+json' },
    ),
  )
  await expect(createClient({ server: url }).submit({ definition: 'a' })).rejects.toMatchObject({
    name: 'ApiProblem',
    message: 'It runs: d',
    code: 'task-running',
    status: 409,
    title: 'It runs',
    detail: 'd',
    hint: 'h',
    extensions: { task: 'x' },
  })
})

test('what is no answer of Errand is told as such', async () => {
  const { url } = await scriptedServer(
    (_request, response) => void response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway</h1>'),
    json(500, { error: 'no' }),
    (_request, response) => void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Welcome</h1>'),
    (_request, response) => void response.writeHead(204).end(),
  )
  const client = createClient({ server: url })
  await expect(client.me()).rejects.toMatchObject({
    code: 'http-error',
    status: 502,
    title: 'The server answered 502 Bad Gateway',
  })
  await expect(client.me()).rejects.toMatchObject({ code: 'http-error', status: 500 })
  await expect(client.me()).rejects.toMatchObject({ code: 'not-errand' })
  await expect(client.me()).rejects.toMatchObject({ code: 'not-errand' })
})

test('no connection, and one that breaks in the answer, are told with the reason', async () => {
  await expect(createClient({ server: 'http://127.0.0.1:4' }).me()).rejects.toMatchObject({
    name: 'ServerUnreachable',
    code: 'server-unreachable',
    title: 'The server http://127.0.0.1:4 cannot be reached',
    detail: 'connect ECONNREFUSED 127.0.0.1:4',
  })
  const { url } = await scriptedServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100' })
    response.write('{"id":', () => request.socket.destroy())
  })
  await expect(createClient({ server: url }).me()).rejects.toMatchObject({ name: 'ServerUnreachable' })
})

test('outside a browser it wants an address', () => {
  expect(() => createClient({ server: '' })).toThrow('needs the address of its server')
})
