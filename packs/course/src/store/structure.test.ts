import { createHash } from 'node:crypto'
import { isTaskFailure } from '@errand/task'
import { expect, test } from 'vitest'
import { MemoryStore } from '../test-support/memory-store.ts'
import { objectKey } from './object-keys.ts'
import { StoredTree } from './stored-tree.ts'
import { encodeHead, readStructure } from './structure.ts'

const sha = (content: string): string => createHash('sha256').update(content).digest('hex')
const file = (path: string, content: string, bundled: boolean) => ({
  path,
  size: content.length,
  sha256: sha(content),
  bundled,
})

async function stored(): Promise<{ store: MemoryStore; name: string; object: Buffer }> {
  const store = new MemoryStore()
  const files = [file('a.xml', '<a/>', true), file('b.bin', 'big', false), file('ü.xml', '<u/>', true)]
  const object = Buffer.concat([encodeHead(files), Buffer.from('<a/><u/>')])
  const name = createHash('sha256').update(object).digest('hex')
  await store.put(objectKey(name), object)
  await store.put(objectKey(sha('big')), 'big')
  return { store, name, object }
}

test('a version is read from its structure object and its assets', async () => {
  const { store, name } = await stored()
  const tree = StoredTree.of(store, await readStructure(store, name))
  expect(tree.paths).toEqual(['a.xml', 'b.bin', 'ü.xml'])
  const contents = await Promise.all(tree.paths.map(async (path) => Buffer.from(await tree.read(path)).toString()))
  expect(contents).toEqual(['<a/>', 'big', '<u/>'])
})

test('a structure object that is gone or damaged is told as such', async () => {
  const { store, name, object } = await stored()
  const damages = [Buffer.alloc(0), object.subarray(0, 10), object.subarray(0, -1), Buffer.from('x'.repeat(80))]
  for (const damage of [undefined, ...damages]) {
    if (damage) await store.put(objectKey(name), damage)
    else await store.delete(objectKey(name))
    const error = await readStructure(store, name).catch((thrown: unknown) => thrown)
    expect(isTaskFailure(error) && error.code).toBe('course-version-damaged')
  }
})

test('a file that is gone is named', async () => {
  const { store, name } = await stored()
  const tree = StoredTree.of(store, await readStructure(store, name))
  await store.delete(objectKey(sha('big')))
  await expect(tree.read('b.bin')).rejects.toThrow(/b\.bin/)
})
