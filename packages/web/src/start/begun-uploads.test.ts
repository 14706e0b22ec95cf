import { afterAll, expect, test, vi } from 'vitest'
import { meQuery, queryClient } from '../api/queries.ts'
import { begunUpload, rememberUpload } from './begun-uploads.ts'

const kept = vi.hoisted(() => {
  const kept = new Map<string, string>()
  // Where the page came from, and what its browser keeps.
  vi.stubGlobal('location', { origin: 'http://127.0.0.1' })
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  })
  return kept
})

afterAll(() => vi.unstubAllGlobals())

test('what was begun goes on for who began it, and for nobody else who uses the browser', () => {
  const as = (id: string) => queryClient.setQueryData(meQuery.queryKey, { id, name: id, staff: false })
  const upload = { id: 'u', filename: 'course.tar.gz', size: 3, modified: 1, share: 0.5 }
  as('ada')
  rememberUpload('course.import', 'archive', upload)
  as('ben')
  expect(begunUpload('course.import', 'archive')).toBeUndefined()
  as('ada')
  expect(begunUpload('course.import', 'archive')).toEqual(upload)
  rememberUpload('course.import', 'archive', undefined)
  expect(kept.size).toBe(0)
})
