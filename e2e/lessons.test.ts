import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** The page of lessons names a test for each; one that was renamed or removed has to be noticed. */

const ROOT = join(import.meta.dirname, '..')
const rows = readFileSync(join(ROOT, 'docs/lessons.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) => {
    const [numbers = '', , does = '', shown = ''] = line.split('|').slice(1, -1)
    return { numbers: numbers.trim(), does: does.trim(), shown: shown.trim() }
  })

test('each of the fifty-two has its line', () => {
  const numbers = rows.flatMap((row) => row.numbers.split(',').map(Number))
  expect(numbers).toEqual(Array.from({ length: 52 }, (_, index) => index + 1))
  for (const { does } of rows) expect(does).not.toBe('')
})

test.each(rows)('the test of lesson $numbers exists', ({ shown }) => {
  const [, place = '', file = '', title = ''] = /^([\w-]+) `([\w.-]+)`: (.+)$/.exec(shown) ?? []
  const files = globSync(`{packages,packs}/${place}/src/**/${file}`, { cwd: ROOT })
  expect(files, shown).not.toEqual([])
  expect(
    files.some((path) => readFileSync(join(ROOT, path), 'utf8').includes(title)),
    shown,
  ).toBe(true)
})
