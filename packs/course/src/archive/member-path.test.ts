import { posix } from 'node:path'
import { isTaskFailure } from '@errand/task'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linkTarget, memberPath, shortName } from './member-path.ts'

test.each([
  ['course/html/a.html', 'course/html/a.html'],
  ['./course//html/./a.html', 'course/html/a.html'],
  ['course/x/../a', 'course/a'],
  ['./', ''],
  ['course/', 'course'],
  ['course/a\\b', 'course/a\\b'],
])('%s is the path "%s"', (name, path) => {
  expect(memberPath(name)).toBe(path)
})

test('a path may be as long as file systems take it, and no longer', () => {
  const accepted = ['a'.repeat(255), `${'\u0436'.repeat(255)}/b`, 'ab/'.repeat(1_365)]
  for (const name of accepted) expect(memberPath(name)).toBe(name.replace(/\/$/, ''))
  for (const name of ['a'.repeat(256), '\u0436'.repeat(256), 'ab/'.repeat(1_366)]) {
    expect(() => memberPath(name)).toThrow(expect.objectContaining({ code: 'archive-path-invalid' }))
    expect(() => linkTarget('link', name, '')).toThrow(expect.objectContaining({ code: 'archive-path-invalid' }))
  }
  const half = 'ab/'.repeat(700)
  expect(() => linkTarget('link', half, half)).toThrow(expect.objectContaining({ code: 'archive-path-invalid' }))
})

test('a name in a message is cut between characters', () => {
  expect(shortName('short')).toBe('short')
  expect(shortName(`${'a'.repeat(199)}\u{1f600}b`)).toBe(`${'a'.repeat(199)}…`)
})

const segment = fc.oneof(
  fc.constantFrom('..', '.', '', 'a', 'b c', '...', '..a', 'é', '\\', '..\\..'),
  fc.string({ maxLength: 4 }),
)
const path = fc.array(segment, { maxLength: 8 }).map((segments) => segments.join('/'))

test('a path that is accepted stays inside, also where a backslash is a separator', () => {
  fc.assert(
    fc.property(path, (name) => {
      let accepted: string
      try {
        accepted = memberPath(name)
      } catch (error) {
        expect(isTaskFailure(error)).toBe(true)
        return
      }
      for (const seen of [accepted, accepted.replaceAll('\\', '/')]) {
        const resolved = posix.resolve('/root', seen)
        expect(resolved === '/root' || resolved.startsWith('/root/'), resolved).toBe(true)
      }
      expect(memberPath(accepted)).toBe(accepted)
    }),
    { numRuns: 2_000 },
  )
})

test('a link that is accepted points inside', () => {
  fc.assert(
    fc.property(path, fc.constantFrom('', 'course', 'course/static'), (target, from) => {
      let accepted: string
      try {
        accepted = linkTarget('link', target, from)
      } catch (error) {
        expect(isTaskFailure(error)).toBe(true)
        return
      }
      const resolved = posix.resolve('/root', accepted)
      expect(resolved === '/root' || resolved.startsWith('/root/')).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})
