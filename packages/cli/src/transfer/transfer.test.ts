import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { safeName, targetPath } from './target-path.ts'

test('a folder gets the file under its own name, and nothing is overwritten unasked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'errand-transfer-'))
  const path = join(folder, 'x y.csv')
  expect(await targetPath('../x y.csv', folder, false)).toBe(path)
  await writeFile(path, 'mine')
  await expect(targetPath('x y.csv', folder, false)).rejects.toThrow('exists already')
  await expect(targetPath('z', path, false)).rejects.toThrow('exists already')
  expect(await targetPath('z', path, true)).toBe(path)
})

test.each([
  ['../../.bashrc', 'bashrc'],
  ['C:\\Windows\\a.txt', 'a.txt'],
  ['con', 'con_'],
  ['-rf', 'rf'],
  ['a\nb\u202e.txt', 'ab.txt'],
  ['', 'download'],
  ['...', 'download'],
  ['课程.tar.gz', '课程.tar.gz'],
])('%j becomes %s', (given, name) => {
  expect(safeName(given)).toBe(name)
})

test('no name leaves its folder, hides, or is too long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (given) => {
      const name = safeName(given)
      expect(name).not.toMatch(/[/\\\p{Cc}]|^[.-]/u)
      expect(name.length).toBeGreaterThan(0)
      expect(Buffer.byteLength(name)).toBeLessThan(250)
    }),
  )
})
