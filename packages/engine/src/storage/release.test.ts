import { expect, test } from 'vitest'
import { release } from './release.ts'

test('memory is given back once; what others share is left alone', () => {
  const alone = Buffer.alloc(70_000)
  release(alone)
  release(alone)
  expect(alone.length).toBe(0)

  const pooled = Buffer.from('a short text')
  const neighbor = Buffer.from('another')
  release(pooled)
  expect([pooled.toString(), neighbor.toString()]).toEqual(['a short text', 'another'])
})
