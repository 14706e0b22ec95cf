import { pipeline } from 'node:stream/promises'
import { definePack, defineTask } from '@errand/task'
import { z } from 'zod'

/** A pack with options and a store of its own. */

const keeps = defineTask({ name: 'keeps', version: 1, title: 'Keeps', input: z.object({}) }).step(
  'run',
  { title: 'Run', retry: { attempts: 1 } },
  async ({ stores, options, log }) => {
    const store = stores.things
    if (store === undefined) throw new Error('no store')
    await store.put('a/one', 'first')
    await pipeline([Buffer.alloc(600_000, 'q')], store.write('a/two'))
    await Promise.all(Array.from({ length: 200 }, (_, index) => store.put(`many/${index}`, `${index}`)))
    const many = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => Buffer.from((await store.get(`many/${index}`)) ?? []).toString()),
    )
    await store.move('a/one', 'b/one')
    const listed: string[] = []
    for await (const { key } of store.list('a/')) listed.push(key)
    const counted: string[] = []
    for await (const { key } of store.list('many/')) counted.push(key)
    const range = Buffer.concat(await store.read('a/two', { start: 10, end: 13 }).toArray()).toString()
    const missing = await store
      .read('nothing')
      .toArray()
      .catch((error: NodeJS.ErrnoException) => error.code)
    await store.delete('a/two')
    log(
      JSON.stringify({
        options,
        listed,
        range,
        missing,
        many: many.every((text, index) => text === `${index}`),
        counted: counted.length,
        moved: (await store.stat('b/one'))?.size,
        gone: (await store.stat('a/two')) ?? null,
        none: (await store.get('a/two')) ?? null,
      }),
    )
  },
)

export default definePack({
  name: 'with-store',
  definitions: [keeps],
  options: z.object({ color: z.enum(['red', 'green']).default('red'), root: z.string().optional() }),
  stores: ({ root }) => ({ things: root === undefined ? undefined : { scheme: 'fs', root } }),
})
