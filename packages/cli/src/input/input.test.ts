import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { coerce, type ValueSchema } from './coerce.ts'
import { parsePairs, readInput } from './read-input.ts'
import { uploadFiles } from './upload-files.ts'

const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' }) as ValueSchema

const schema = schemaOf(
  z.object({
    course: z.string(),
    minimum: z.number().default(0),
    count: z.int().optional(),
    strict: z.boolean().optional(),
    tags: z.array(z.string()).optional(),
    ids: z.array(z.int()).optional(),
    mode: z.enum(['replace', 'merge']).optional(),
    until: z.union([z.number(), z.string()]).optional(),
    limit: z.number().nullable().optional(),
    nested: z.object({ a: z.int() }).optional(),
  }),
)

test('values become what the schema says', () => {
  expect(
    parsePairs(
      ['course=123', 'minimum=.5', 'count=7', 'strict=yes', 'tags=a', 'tags=b=c', 'mode=merge', 'nested={"a":1}'],
      schema,
    ),
  ).toEqual({
    course: '123',
    minimum: 0.5,
    count: 7,
    strict: true,
    tags: ['a', 'b=c'],
    mode: 'merge',
    nested: { a: 1 },
  })
})

test('a list may be one value, several, or JSON', () => {
  expect(parsePairs(['ids=1'], schema)).toEqual({ ids: [1] })
  expect(parsePairs(['ids=1', 'ids=2'], schema)).toEqual({ ids: [1, 2] })
  expect(parsePairs(['ids=[3, 4]'], schema)).toEqual({ ids: [3, 4] })
})

test('of several types the narrowest that fits is taken', () => {
  expect(parsePairs(['until=7', 'limit=null'], schema)).toEqual({ until: 7, limit: null })
  expect(parsePairs(['until=soon'], schema)).toEqual({ until: 'soon' })
})

test.each([
  ['minimum=lots', '--input minimum=lots is not a number'],
  ['count=1.5', '--input count=1.5 is not a whole number'],
  ['strict=perhaps', '--input strict=perhaps is not true or false'],
  ['mode=append', '--input mode=append is not one of replace, merge'],
  ['ids=x', '--input ids=x is not a list, each entry a whole number'],
  ['nested=1', '--input nested=1 is not an object as JSON'],
  ['cuorse=x', 'the task has no input field cuorse'],
  ['__proto__=x', 'the task has no input field __proto__'],
  ['course', '--input course is not NAME=VALUE'],
  ['=x', '--input =x is not NAME=VALUE'],
])('%s is refused by name', (pair, text) => {
  expect(() => parsePairs([pair], schema)).toThrow(text)
})

test('a field that takes one value cannot be given twice', () => {
  expect(() => parsePairs(['course=a', 'course=b'], schema)).toThrow('--input course is given twice')
})

test('any text is kept as it is where a text is wanted', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(coerce(text, { type: 'string' })).toEqual({ value: text })
    }),
  )
})

test('any JSON number comes back as itself, and nothing makes it throw', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      expect(coerce(JSON.stringify(number), { type: 'number' })).toEqual({ value: JSON.parse(JSON.stringify(number)) })
    }),
  )
  fc.assert(fc.property(fc.string(), (text) => void coerce(text, schema.properties?.until ?? {}, schema)))
})

test('a file holds the input, standard input too, and a pair wins over it', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'errand-input-')), 'in.json')
  await writeFile(file, '{"course":"a","count":1}')
  const none = Readable.from([])
  expect(await readInput({ pairs: ['count=2'], file, stdin: none }, schema)).toEqual({ course: 'a', count: 2 })
  expect(await readInput({ pairs: [], file: '-', stdin: Readable.from(['{"count":3}']) }, schema)).toEqual({ count: 3 })
  await writeFile(file, '[')
  await expect(readInput({ pairs: [], file, stdin: none }, schema)).rejects.toThrow(/in\.json is not JSON/)
  await expect(readInput({ pairs: [], file: 'absent', stdin: none }, schema)).rejects.toThrow(
    /absent cannot be read: it does/,
  )
})

test('uploads are checked before anything is sent', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'errand-upload-'))
  const path = join(folder, 'a b.tar.gz')
  await writeFile(path, 'twelve bytes')
  const archive = { title: 'Archive', optional: false, maxSize: 100 }
  const shape = { name: 'course.import', uploads: { archive } }
  expect(await uploadFiles([`archive=${path}`], shape)).toEqual([
    { name: 'archive', path, filename: 'a b.tar.gz', size: 12 },
  ])
  const refused = (pairs: string[], uploads = shape.uploads) =>
    expect(uploadFiles(pairs, { ...shape, uploads })).rejects
  await refused([]).toThrow('course.import needs the file archive (Archive)')
  await refused([`archiv=${path}`]).toThrow('course.import takes no upload archiv')
  await refused(['archive=/absent']).toThrow('the file /absent cannot be read: it does not exist')
  await refused([`archive=${folder}`]).toThrow('is not a file')
  await refused([`archive=${path}`, `archive=${path}`]).toThrow('--upload archive is given twice')
  await refused([`archive=${path}`], { archive: { ...archive, maxSize: 11 } }).toThrow(
    'has 12 B, and archive takes at most 11 B',
  )
})
