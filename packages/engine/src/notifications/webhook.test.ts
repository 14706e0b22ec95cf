import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ChannelGone, type Message } from './types.ts'
import { webhookChannel } from './webhook.ts'

const OLD = `whsec_${Buffer.from('an old secret of 24 bytes').toString('base64')}`
const NEW = `whsec_${Buffer.from('a new secret of 24 bytes!').toString('base64')}`

let server: Server
let url: string
let answer = 204
const heard: { headers: IncomingHttpHeaders; body: string; path: string }[] = []
beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      heard.push({ headers: request.headers, body: Buffer.concat(chunks).toString(), path: request.url ?? '' })
      response.writeHead(answer, answer === 302 ? { location: `${url}/internal` } : {}).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

const message: Message = {
  id: '018f0000-0000-7000-8000-000000000001',
  to: { id: 'ada', name: 'Ada', email: null, locale: null, timeZone: null },
  notifications: [
    {
      id: '018f0000-0000-7000-8000-000000000002',
      kind: 'task.failed',
      title: 'Export a course has failed',
      body: '',
      link: '/tasks/1',
      taskId: '1',
      createdAt: new Date(),
      readAt: null,
    },
  ],
}
const channel = (secrets: [string, ...string[]] = [NEW], allowInternal: string[] = ['127.0.0.1'], to = url) =>
  webhookChannel({ name: 'lms', url: to, secrets, allowInternal })

test('a call is signed so that the holder of either secret can tell, while they change', async () => {
  answer = 204
  await channel([NEW, OLD]).send(message)
  const call = heard.at(-1)
  if (call === undefined) throw new Error('nothing was heard')
  const { body, headers } = call
  const signed = {
    'webhook-id': String(headers['webhook-id']),
    'webhook-timestamp': String(headers['webhook-timestamp']),
    'webhook-signature': String(headers['webhook-signature']),
  }
  for (const secret of [NEW, OLD]) {
    expect(new Webhook(secret).verify(body, signed)).toMatchObject({
      type: 'task.failed',
      data: { principal: { id: 'ada' }, notifications: [{ link: '/tasks/1' }] },
    })
  }
  expect(() => new Webhook(NEW).verify(body.replace('ada', 'bob'), signed)).toThrow('No matching signature')
  // However often it is tried, it is the same event.
  expect(headers['webhook-id']).toBe(message.id)
})

test('a redirect is not followed, wherever it leads', async () => {
  answer = 302
  await expect(channel().send(message)).rejects.toThrow('redirects are not followed')
  expect(heard.map(({ path }) => path)).not.toContain('/internal')
})

test('410 says that it wants no more', async () => {
  answer = 410
  await expect(channel().send(message)).rejects.toBeInstanceOf(ChannelGone)
  answer = 500
  await expect(channel().send(message)).rejects.not.toBeInstanceOf(ChannelGone)
})

test.each([
  ['127.0.0.1', 'http://127.0.0.1'],
  ['written as one number', 'http://2130706433'],
  ['in octal', 'http://0177.0.0.1'],
  ['all addresses', 'http://0.0.0.0'],
  ['IPv6', 'http://[::1]'],
  ['IPv4 in IPv6', 'http://[::ffff:127.0.0.1]'],
  ['a private network', 'http://10.0.0.1'],
  ['the metadata of a cloud', 'http://169.254.169.254'],
])('an internal address is refused before anything is sent: %s', async (_name, address) => {
  answer = 204
  const before = heard.length
  const { port } = new URL(url)
  await expect(channel([NEW], [], `${address}:${port}/`).send(message)).rejects.toThrow(/not allowed|private|meta/i)
  expect(heard).toHaveLength(before)
})

test('a name is looked at when the connection is made: what it resolves to then counts', async () => {
  answer = 204
  const before = heard.length
  const { port } = new URL(url)
  await expect(channel([NEW], [], `http://localhost:${port}/`).send(message)).rejects.toThrow(
    /not allowed|private|meta/i,
  )
  expect(heard).toHaveLength(before)
  // Allowed by its name, as the operator wrote it.
  await channel([NEW], ['localhost'], `http://localhost:${port}/`).send(message)
  expect(heard).toHaveLength(before + 1)
})

test('a name that rebinds: what the connection is made to is what was looked at, each time', async () => {
  answer = 204
  const before = heard.length
  const { port } = new URL(url)
  const asked: string[] = []
  // As a name server of an attacker answers: an address for the check, another for the connection.
  const answers = ['127.0.0.1', '10.0.0.1']
  const lookup: LookupFunction = (hostname, options, done) => {
    asked.push(hostname)
    const address = answers[asked.length - 1] ?? '127.0.0.1'
    if (options.all) done(null, [{ address, family: 4 }])
    else done(null, address, 4)
  }
  const config = { name: 'lms', url: `http://hooks.example.org:${port}/`, secrets: [NEW] as const }
  for (const _ of answers) await expect(webhookChannel(config, lookup).send(message)).rejects.toThrow(/not allowed/)
  // One question for one connection: there is no second answer to be had.
  expect(asked).toHaveLength(answers.length)
  // A public address beside an internal one is refused as a whole, as the connection may take either.
  const both: LookupFunction = (_hostname, _options, done) =>
    done(null, [
      { address: '93.184.215.14', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ])
  await expect(webhookChannel(config, both).send(message)).rejects.toThrow(/not allowed/)
  expect(heard).toHaveLength(before)
})
