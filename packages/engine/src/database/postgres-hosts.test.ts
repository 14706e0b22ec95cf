import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseHosts } from './postgres-hosts.ts'

test('one host is taken as it is', () => {
  expect(parseHosts('postgres://ada:secret@db:5432/errand?sslmode=require')).toEqual({
    urls: ['postgres://ada:secret@db:5432/errand?sslmode=require'],
    writable: false,
  })
})

test('several hosts share account, database and options, and one that accepts writes is wanted', () => {
  expect(parseHosts('postgresql://ada:se%40cret@db1:5432,db2:5433,[::1]:5434/errand?sslmode=require')).toEqual({
    urls: [
      'postgresql://ada:se%40cret@db1:5432/errand?sslmode=require',
      'postgresql://ada:se%40cret@db2:5433/errand?sslmode=require',
      'postgresql://ada:se%40cret@[::1]:5434/errand?sslmode=require',
    ],
    writable: true,
  })
})

test.each([
  ['read-write', true],
  ['primary', true],
  ['any', false],
])('target_session_attrs=%s is followed, and not passed on', (target, writable) => {
  expect(parseHosts(`postgres://db1,db2/errand?target_session_attrs=${target}`)).toEqual({
    urls: ['postgres://db1/errand', 'postgres://db2/errand'],
    writable,
  })
})

test.each([
  'mysql://db/errand',
  'postgres://ada:secret@db:port/errand',
  'postgres://ada:secret@db1,/errand?target_session_attrs=standby',
  'postgres://ada:secret@db/errand?target_session_attrs=standby',
  '',
])('%j is refused, without its password', (url) => {
  let problem: unknown
  try {
    parseHosts(url)
  } catch (error) {
    problem = error
  }
  expect(problem).toMatchObject({ code: 'database-url-invalid', hint: expect.stringContaining('HOST:PORT') })
  expect(JSON.stringify(problem)).not.toContain('secret')
})

test('as many addresses come out as hosts go in, each a URL of one host', () => {
  const host = fc.record({ name: fc.domain(), port: fc.integer({ min: 1, max: 65_535 }) })
  fc.assert(
    fc.property(fc.array(host, { minLength: 1, maxLength: 5 }), (hosts) => {
      const list = hosts.map(({ name, port }) => `${name}:${port}`).join(',')
      const { urls } = parseHosts(`postgres://ada:secret@${list}/errand`)
      expect(urls.map((url) => new URL(url).host)).toEqual(hosts.map(({ name, port }) => `${name}:${port}`))
    }),
  )
})
