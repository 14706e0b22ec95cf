import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { receiveFile, receiveStream } from './receive-file.ts'
import { safeName, targetPath } from './target-path.ts'

const content = randomBytes(10_000)
const expected = { filename: 'a.bin', size: content.length, sha256: createHash('sha256').update(content).digest('hex') }
const newFolder = () => mkdtemp(join(tmpdir(), 'errand-transfer-'))

/** A source that breaks after so many bytes, once for each number given. */
function source(breaks: number[] = []) {
  const starts: number[] = []
  async function* from(start: number) {
    const end = breaks.shift()
    for (let at = start; at < content.length; at += 1_000) {
      if (end !== undefined && at - start >= end) throw new Error('reset')
      yield content.subarray(at, Math.min(at + 1_000, content.length))
    }
  }
  const open = async (start: number) => {
    starts.push(start)
    return from(start)
  }
  return { starts, open, expected, onProgress: () => {}, mayComeBack: () => true }
}

test('a file arrives whole, and nothing is left beside it', async () => {
  const folder = await newFolder()
  await receiveFile(join(folder, 'a'), false, source())
  expect(await readFile(join(folder, 'a'))).toEqual(content)
  expect(await readdir(folder)).toEqual(['a'])
})

test('a transfer that breaks goes on where it broke', async () => {
  const folder = await newFolder()
  const broken = source([3_000, 0, 2_000])
  await receiveFile(join(folder, 'a'), false, broken)
  expect(broken.starts).toEqual([0, 3_000, 3_000, 5_000])
  expect(await readFile(join(folder, 'a'))).toEqual(content)
})

test('a part from before is gone on with, one of another file is not used', async () => {
  const folder = await newFolder()
  await writeFile(join(folder, 'a.part'), content.subarray(0, 4_000))
  const resumed = source()
  await receiveFile(join(folder, 'a'), false, resumed)
  expect(resumed.starts).toEqual([4_000])
  await writeFile(join(folder, 'b.part'), 'of another file')
  const restarted = source()
  await receiveFile(join(folder, 'b'), false, restarted)
  expect(restarted.starts).toEqual([15, 0])
  await writeFile(join(folder, 'c.part'), randomBytes(20_000))
  await receiveFile(join(folder, 'c'), false, source())
  for (const name of ['a', 'b', 'c']) expect(await readFile(join(folder, name))).toEqual(content)
})

test('what is not what was announced is refused and removed', async () => {
  const folder = await newFolder()
  const wrong = { ...source(), expected: { ...expected, sha256: '00' } }
  await expect(receiveFile(join(folder, 'a'), false, wrong)).rejects.toThrow('a.bin did not arrive as it was sent')
  expect(await readdir(folder)).toEqual([])
})

test('an error that will not go away ends the download, and keeps the part', async () => {
  const folder = await newFolder()
  const gone = { ...source([3_000]), mayComeBack: () => false }
  await expect(receiveFile(join(folder, 'a'), false, gone)).rejects.toThrow('reset')
  expect((await readFile(join(folder, 'a.part'))).length).toBe(3_000)
})

test('a file that came to be meanwhile is not overwritten, unless forced', async () => {
  const folder = await newFolder()
  await writeFile(join(folder, 'a'), 'mine')
  await expect(targetPath('x', join(folder, 'a'), false)).rejects.toThrow('exists already')
  await expect(receiveFile(join(folder, 'a'), false, source())).rejects.toThrow('exists already')
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('mine')
  await receiveFile(join(folder, 'a'), true, source())
  expect(await readFile(join(folder, 'a'))).toEqual(content)
})

test('a stream gets every byte', async () => {
  const stream = new PassThrough()
  const [bytes] = await Promise.all([buffer(stream), receiveStream(stream, source([1_000])).then(() => stream.end())])
  expect(bytes).toEqual(content)
})

test('a folder gets the file under its own name', async () => {
  const folder = await newFolder()
  expect(await targetPath('../x y.csv', folder, false)).toBe(join(folder, 'x y.csv'))
  await expect(receiveFile(join(folder, 'no', 'a'), false, source())).rejects.toThrow(/the folder .*no does not exist/)
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
