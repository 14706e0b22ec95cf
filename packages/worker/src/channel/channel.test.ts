import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MessageChannel } from 'node:worker_threads'
import { isTaskFailure, TaskFailure } from '@errand/task'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { STREAM_WINDOW } from '../config.ts'
import { Channel, ChannelClosed, type ChannelHandlers } from './channel.ts'

const open: Channel[] = []

function channels(near: ChannelHandlers = {}, far: ChannelHandlers = {}): { near: Channel; far: Channel } {
  const { port1, port2 } = new MessageChannel()
  const pair = { near: new Channel(port1, near), far: new Channel(port2, far) }
  open.push(pair.near, pair.far)
  return pair
}

afterEach(() => {
  for (const channel of open.splice(0)) channel.close()
})

test('a request is answered, and what the answer throws is thrown here', async () => {
  const { near } = channels(
    {},
    {
      call: async (method, args) => {
        if (method === 'double') return Number(args) * 2
        if (method === 'missing') throw Object.assign(new Error('no such object'), { code: 'ENOENT' })
        throw new TaskFailure({ code: 'disk-full', title: 'The disk is full', hint: 'Make room.' })
      },
    },
  )
  expect(await near.call('double', 21)).toBe(42)
  await expect(near.call('missing', null)).rejects.toMatchObject({ code: 'ENOENT', message: 'no such object' })
  const failure = await near.call('other', null).catch((error: unknown) => error)
  expect(isTaskFailure(failure)).toBe(true)
  expect(failure).toMatchObject({ code: 'disk-full', title: 'The disk is full', hint: 'Make room.' })
})

test('any bytes, in any pieces, arrive as they were', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 700_000 }), { maxLength: 12 }),
      fc.boolean(),
      async (...given) => {
        const [sizes, handedOver] = given
        const { near, far } = channels()
        const pieces = sizes.map((size) => randomBytes(size))
        const expected = createHash('sha256').update(Buffer.concat(pieces)).digest('hex')
        const hash = createHash('sha256')
        const received = pipeline(
          far.incoming(1),
          async function* drain(source) {
            for await (const chunk of source) hash.update(chunk)
            yield ''
          },
          new Writable({ write: (_chunk, _encoding, done) => done() }),
        )
        await pipeline(Readable.from(pieces), near.outgoing(1, { handedOver }))
        await received
        expect(hash.digest('hex')).toBe(expected)
      },
    ),
    { numRuns: 50 },
  )
})

test('a big chunk that is handed over goes as it is; a view of other memory is copied', async () => {
  const { near, far } = channels()
  const incoming = far.incoming(1)
  const outgoing = near.outgoing(1, { handedOver: true })
  const alone = Buffer.allocUnsafeSlow(300_000).fill('a')
  const view = Buffer.allocUnsafeSlow(300_001).fill('b').subarray(1)
  outgoing.write('first')
  outgoing.write(alone)
  outgoing.end(view)
  const text = Buffer.concat(await incoming.toArray()).toString()
  expect(text).toBe(`first${'a'.repeat(300_000)}${'b'.repeat(300_000)}`)
  expect([alone.length, view.length]).toEqual([0, 300_000])
})

test('a writer may use its buffer again as soon as it has been written', async () => {
  const { near, far } = channels()
  const incoming = far.incoming(1)
  const outgoing = near.outgoing(1)
  const buffer = Buffer.alloc(100_000, 'a')
  outgoing.write(buffer)
  buffer.fill('b')
  outgoing.end(buffer)
  const text = Buffer.concat(await incoming.toArray()).toString()
  expect(text).toBe('a'.repeat(100_000) + 'b'.repeat(100_000))
})

test('a fast writer waits for a slow reader', async () => {
  const { near, far } = channels()
  const incoming = far.incoming(1)
  const outgoing = near.outgoing(1)
  const chunk = Buffer.alloc(64 * 1024)
  let written = 0
  const total = 3 * STREAM_WINDOW
  const writing = (async () => {
    while (written < total) {
      const more = outgoing.write(chunk)
      written += chunk.length
      if (!more) await once(outgoing, 'drain')
    }
    outgoing.end()
  })()
  // Everything that can arrive without being read has arrived once an answer to a later request has.
  for (let turn = 0; turn < 100; turn += 1) await near.call('turn', null).catch(() => undefined)
  expect(written).toBeLessThan(total)
  let read = 0
  for await (const bytes of incoming) read += bytes.length
  await writing
  expect(read).toBe(total)
})

test('a stream that breaks at its sender breaks at its receiver, and the other way round', async () => {
  const { near, far } = channels()
  const incoming = far.incoming(1)
  const outgoing = near.outgoing(1)
  outgoing.on('error', () => undefined)
  outgoing.write('abc')
  outgoing.destroy(new Error('the source failed'))
  await expect(incoming.toArray()).rejects.toThrow('the source failed')

  const unwanted = far.incoming(2)
  const sender = near.outgoing(2)
  unwanted.destroy()
  await once(sender, 'close')
  expect(sender.destroyed).toBe(true)
})

test('closing ends what was under way', async () => {
  const { near, far } = channels({}, { call: () => new Promise(() => undefined) })
  const call = near.call('never', null)
  const incoming = near.incoming(1)
  const reading = incoming.toArray()
  far.close()
  await expect(call).rejects.toBeInstanceOf(ChannelClosed)
  await expect(reading).rejects.toBeInstanceOf(ChannelClosed)
})
