import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MemoryStore } from '../test-support/memory-store.ts'
import { objectKey } from './object-keys.ts'
import { streamObject } from './object-writer.ts'

test('whatever pieces it comes in, an object is stored whole under its own digest', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 600_000 }), { maxLength: 6 }), async (sizes) => {
      const store = new MemoryStore()
      const pieces = sizes.map((size, index) => Buffer.alloc(size, `${index}.`))
      async function* content() {
        yield* pieces
      }
      const whole = Buffer.concat(pieces)
      const sha256 = createHash('sha256').update(whole).digest('hex')
      expect(await streamObject(store, 'temporary', content())).toEqual({ sha256, size: whole.length })
      expect(whole.equals((await store.get(objectKey(sha256))) ?? Buffer.of(1))).toBe(true)
      expect(store.keys).toEqual([objectKey(sha256)])
    }),
    { numRuns: 50 },
  )
})
