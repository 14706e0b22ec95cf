import { expect, test, vi } from 'vitest'
import { newKey } from './new-key.ts'

test('a page that came over plain http makes keys as well, each another', () => {
  // All that there is of it in such a page.
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
  const keys = Array.from({ length: 100 }, newKey)
  vi.unstubAllGlobals()
  expect(new Set(keys).size).toBe(100)
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/)
})
