import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MemoryStore } from '../test-support/memory-store.ts'
import { BlobReader } from './blob-reader.ts'

test('any piece of a big object is read as it is there', async () => {
  const store = new MemoryStore()
  const content = randomBytes(3 * 2 ** 20 + 777)
  await store.put('blob', content)
  const reader = new BlobReader(store, 'blob', content.length)
  await fc.assert(
    fc.asyncProperty(fc.nat(content.length), fc.nat(2 ** 21), async (offset, length) => {
      const size = Math.min(length, content.length - offset)
      expect(Buffer.compare(await reader.read(offset, size), content.subarray(offset, offset + size))).toBe(0)
    }),
  )
  await expect(reader.read(content.length - 1, 2)).rejects.toThrow(RangeError)
})
