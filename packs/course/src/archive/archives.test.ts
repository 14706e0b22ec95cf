import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, gzipSync } from 'node:zlib'
import { isTaskFailure } from '@errand/task'
import { expect, onTestFinished, test } from 'vitest'
import { ZipFile } from 'yazl'
import { courseExport } from '../export/course-export.ts'
import { courseImport } from '../import/course-import.ts'
import { Notes } from '../import/notes.ts'
import { collect, filesIn, type TestMember, tarGzOf, tarOf, temporaryStore } from '../test-support/archives.ts'
import { runTask, uploadOf } from '../test-support/run-task.ts'
import { FileSet } from './file-set.ts'

const COURSE = '<course url_name="R" org="O" course="C"/>'
const course = 'course-v1:A+B+C'

/** Imports an archive, and exports it again: the files by path, without the top folder. */
async function roundTrip(content: Uint8Array, options?: unknown): Promise<Record<string, string>> {
  const store = await temporaryStore()
  await runTask(courseImport, {
    store,
    input: { course },
    uploads: { archive: uploadOf('c.tar.gz', content) },
    options,
  })
  const { artifacts } = await runTask(courseExport, { store, input: { course } })
  const files = await filesIn(artifacts.archive?.content ?? Buffer.alloc(0))
  return Object.fromEntries([...files].map(([path, bytes]) => [path.replace(/^course\//, ''), bytes.toString()]))
}

/** The failure that an import of this archive ends with. */
async function refusal(content: Uint8Array, options?: unknown): Promise<{ code: string; text: string }> {
  const store = await temporaryStore()
  try {
    await runTask(courseImport, {
      store,
      input: { course },
      uploads: { archive: uploadOf('c.tar.gz', content) },
      options,
    })
  } catch (error) {
    if (!isTaskFailure(error)) throw error
    expect(error.hint).toBeTruthy()
    return { code: error.code, text: `${error.title}. ${error.detail}` }
  }
  throw new Error('It was imported.')
}

async function zipOf(members: readonly (readonly [string, string])[], each: { mode?: number } = {}): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [name, content] of members) zip.addBuffer(Buffer.from(content), name, each)
  zip.end()
  return collect(zip.outputStream as unknown as AsyncIterable<Uint8Array>)
}

/** A tar archive packed by a program of the system, where it is there. */
async function packedBy(program: string, tar: Uint8Array): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-packed-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'a.tar'), tar)
  return execFileSync(program, ['-c', join(folder, 'a.tar')], { maxBuffer: 2 ** 26 })
}

const PLAIN: TestMember[] = [
  ['course/course.xml', COURSE],
  ['course/html/a.html', '<p>a'],
]
const PLAIN_FILES = { 'course.xml': COURSE, 'html/a.html': '<p>a' }

test('a plain tar is accepted, whatever its name says', async () => {
  expect(await roundTrip(await tarOf(PLAIN))).toEqual(PLAIN_FILES)
})

test('a zip is accepted', async () => {
  expect(
    await roundTrip(
      await zipOf([
        ['course/course.xml', COURSE],
        ['course/html/a.html', '<p>a'],
        ['__MACOSX/course/._course.xml', 'x'],
      ]),
    ),
  ).toEqual(PLAIN_FILES)
})

test('names in a zip are UTF-8 where they can be, though macOS does not say so, and else as DOS wrote them', async () => {
  const names = ['course/static/\u00fcber.txt', 'course/static/cafe\u0301.txt']
  const zip = await zipOf([['course/course.xml', COURSE], ...names.map((name) => [name, 'x'] as const)])
  // In the header before each file, and in the table of contents.
  for (const [signature, at] of [
    ['PK\x03\x04', 6],
    ['PK\x01\x02', 8],
  ] as const) {
    for (let found = zip.indexOf(signature); found >= 0; found = zip.indexOf(signature, found + 4)) {
      zip.writeUInt16LE(zip.readUInt16LE(found + at) & ~0x800, found + at)
    }
  }
  expect(Object.keys(await roundTrip(zip))).toEqual(['course.xml', 'static/cafe\u0301.txt', 'static/\u00fcber.txt'])
  // The same bytes, but for a letter that is no UTF-8.
  for (let found = zip.indexOf('\u00fc'); found >= 0; found = zip.indexOf('\u00fc'))
    zip.write('\x81\x81', found, 'latin1')
  expect(Object.keys(await roundTrip(zip))).toContain('static/\u00fc\u00fcber.txt')
})

test.each(['bzip2', 'xz'])('a tar packed by %s is accepted', async (program) => {
  const big = 'line of text\n'.repeat(100_000)
  const tar = await tarOf([...PLAIN, ['course/static/big.txt', big]])
  expect(await roundTrip(await packedBy(program, tar), { limits: { ratio: 100_000 } })).toEqual({
    ...PLAIN_FILES,
    'static/big.txt': big,
  })
})

test.each(['bzip2', 'xz'])('a tar packed by %s and cut off is refused', async (program) => {
  const noise = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * index * 31 + (index >> 3)) % 251))
  const packed = await packedBy(program, await tarOf([...PLAIN, ['course/static/noise.bin', noise]]))
  for (const length of [8, 40, packed.length >> 1, packed.length - 20]) {
    expect((await refusal(packed.subarray(0, length))).code).toMatch(/archive-(cut-off|damaged|unrecognised)/)
  }
})

test('the course may lie at the top, or in a folder of any name', async () => {
  expect(await roundTrip(await tarGzOf([['./course.xml', COURSE]]))).toEqual({ 'course.xml': COURSE })
  expect(await roundTrip(await tarGzOf([['my course/2013/course.xml', COURSE]]))).toEqual({ 'course.xml': COURSE })
})

test('of several courses the one least deep is taken, or the one named as exports name it', async () => {
  const other = `${COURSE}<!-- other -->`
  const members: TestMember[] = [
    ['course/course.xml', COURSE],
    ['backup/course.xml', other],
    ['course/static/old/course.xml', other],
  ]
  expect(await roundTrip(await tarGzOf(members))).toEqual({ 'course.xml': COURSE, 'static/old/course.xml': other })
})

test('several courses of which none stands out are named', async () => {
  const { code, text } = await refusal(await tarGzOf([['a/course.xml', COURSE], ['b/course.xml', COURSE]])) // biome-ignore format: one line
  expect(code).toBe('course-root-ambiguous')
  expect(text).toContain('a/course.xml, b/course.xml')
})

test('junk of operating systems and editors is left out', async () => {
  const junk = ['._course', 'course/._course.xml', 'course/.DS_Store', 'course/html/a.html~', 'course/.a.html.swp', 'course/static/Thumbs.db', 'course/.git/HEAD'] // biome-ignore format: a list
  expect(await roundTrip(await tarGzOf([...PLAIN, ...junk.map((path): TestMember => [path, 'x'])]))).toEqual(
    PLAIN_FILES,
  )
})

test('links inside the archive become what they point to', async () => {
  expect(
    await roundTrip(
      await tarGzOf([
        [{ name: 'c/course.xml', type: 'symlink', linkname: 'roots/R.xml' }],
        ['c/roots/R.xml', COURSE],
        [{ name: 'c/hard.xml', type: 'link', linkname: 'c/roots/R.xml' }],
        [{ name: 'c/again', type: 'symlink', linkname: './roots' }],
        [{ name: 'c/roots/self', type: 'symlink', linkname: '.' }],
        [{ name: 'c/loop', type: 'symlink', linkname: 'loop' }],
        [{ name: 'c/nowhere', type: 'symlink', linkname: 'nothing' }],
      ]),
    ),
  ).toEqual({ 'course.xml': COURSE, 'roots/R.xml': COURSE, 'hard.xml': COURSE, 'again/R.xml': COURSE })
})

const link = (name: string, linkname: string): TestMember => [{ name, type: 'symlink', linkname }]

test('a link to a folder stands for all in it: files, links to files, and what other folders it links to hold', async () => {
  const members: TestMember[] = [
    ['c/course.xml', COURSE],
    ['c/shared/a.png', 'A'],
    [{ name: 'c/shared/b.png', type: 'link', linkname: 'c/shared/a.png' }],
    link('c/shared/c.png', 'a.png'),
    link('c/shared/gone.png', 'nothing'),
    link('c/shared/more', '../other'),
    ['c/other/deep/d.png', 'D'],
    link('c/static', 'shared'),
  ]
  const inside = { 'a.png': 'A', 'b.png': 'A', 'c.png': 'A', 'more/deep/d.png': 'D' }
  const below = (folder: string) =>
    Object.fromEntries(Object.entries(inside).map(([name, content]) => [`${folder}/${name}`, content]))
  expect(await roundTrip(await tarGzOf(members))).toEqual({
    'course.xml': COURSE,
    'other/deep/d.png': 'D',
    ...below('shared'),
    ...below('static'),
  })
})

/** What a set of these links and files comes to, and the notes about links. */
function resolved(entries: readonly [path: string, target?: string][], limit = 1_000): [string[], string[]] {
  const notes = new Notes()
  const set = new FileSet<string>(notes, limit)
  for (const [path, target] of entries) {
    if (target === undefined) set.addFile(path, path)
    else set.addLink(path, target, false)
  }
  const files = [...set.resolve().keys()].sort()
  const links = notes.kept.filter(({ kind }) => kind === 'link')
  return [files, links.map(({ path, message }) => `${path}: ${message}`)]
}

test('folders that link to each other end somewhere, and what is left out is named', () => {
  const [files, notes] = resolved([
    ['a/x'],
    ['a/to-b', '../b'],
    ['b/y'],
    ['b/to-a', '../a'],
    ['b/self', '.'],
    ['b/gone', 'nothing'],
  ])
  expect(files).toEqual(['a/to-b/y', 'a/x', 'b/to-a/x', 'b/y'])
  const back = 'It is a link back to a folder that it lies in, or lies behind too many links; it was left out.'
  expect(notes).toEqual([
    ...['a/to-b/self', 'a/to-b/to-a'].map((path) => `${path}: ${back}`),
    'b/gone: It is a link to "b/nothing", which is not in the archive; it was left out.',
    `b/self: ${back}`,
    `b/to-a/to-b: ${back}`,
  ])
})

test('links that stand for more files than may be are cut short, and so are links behind too many others', async () => {
  const doubling: [string, string?][] = Array.from({ length: 30 }, (_, n) => n).flatMap((n) => [
    [`d${n}/one`, `../d${n + 1}`],
    [`d${n}/two`, `../d${n + 1}`],
  ])
  // As many ways to a folder with nothing in it, and to one with a file.
  for (const last of [[], [['d30/file']]] as [string][][]) {
    const [files, notes] = resolved([...doubling, ...last])
    expect(files.length).toBeLessThanOrEqual(1_001)
    expect(notes).toContain(
      'd0/one: It is a link to a folder with too many files, or with too long paths; some were left out.',
    )
  }
  const chain: [string, string?][] = Array.from({ length: 2_000 }, (_, n) => [`c${n}/next`, `../c${n + 1}`])
  const [files, notes] = resolved([...chain, ['c2000/file']], 1_000_000)
  expect(files).toContain('c1999/next/file')
  expect(files).toContain(`c1961${'/next'.repeat(39)}/file`)
  expect(notes).toHaveLength(1_000)
})

test('links behind links that make a path too long are cut short', () => {
  const deep = 'd/'.repeat(1_000)
  const [files, notes] = resolved([
    [`a/${deep}x`],
    [`b/${deep}to-a`, '../'.repeat(1_001).concat('a')],
    [`c/${deep}to-b`, '../'.repeat(1_001).concat('b')],
  ])
  expect(files.map((path) => path.length).sort()).toEqual([2_003, 4_008])
  expect(notes.map((note) => note.slice(0, 2))).toEqual(['c/'])
  expect(notes[0]).toContain('some were left out')
})

test('many files in many folders are looked through at once', () => {
  const notes = new Notes()
  const set = new FileSet<number>(notes, 50_000)
  // Of all these folders a list would be longer than a list can be.
  for (let n = 0; n < 9_000; n++) set.addFile(`${n}/${'a/'.repeat(2_000)}x`, n)
  set.addFile('7', 7)
  set.addFile('7!', 7)
  expect(set.resolve().size).toBe(9_001)
  expect(notes.kept.map(({ kind, path }) => `${kind} ${path}`)).toEqual(['dropped 7'])
})

test('names that differ by case or by accents only are both kept; of one name twice the last is', async () => {
  const members: TestMember[] = [
    ['course/course.xml', COURSE],
    ['course/static/caf\u00e9.txt', '1'],
    ['course/static/cafe\u0301.txt', '2'],
    ['course/static/A.txt', '3'],
    ['course/static/a.txt', '4'],
    ['course/static/a.txt', '5'],
  ]
  expect(await roundTrip(await tarGzOf(members))).toEqual({
    'course.xml': COURSE,
    'static/caf\u00e9.txt': '1',
    'static/cafe\u0301.txt': '2',
    'static/A.txt': '3',
    'static/a.txt': '5',
  })
})

test('the report says which course was taken, and what was decided about names, doubles, links and strays', async () => {
  const content = await tarGzOf([
    ['course/course.xml', COURSE],
    ['backup/course.xml', COURSE],
    ['readme.txt', 'outside'],
    ['course/._course.xml', 'junk'],
    ['course/static/A.txt', '1'],
    ['course/static/a.txt', '2'],
    ['course/static/a.txt', '3'],
    [{ name: 'course/gone', type: 'symlink', linkname: 'nothing' }],
    ['course/static/dir', 'a file'],
    ['course/static/dir/b.txt', 'and a folder'],
  ])
  const uploads = { archive: uploadOf('c.tar.gz', content) }
  const { artifacts } = await runTask(courseImport, { store: await temporaryStore(), input: { course }, uploads })
  const { dropped, junk, notes } = JSON.parse(artifacts.report?.content.toString() ?? '')
  expect(notes.map(({ kind, path }: { kind: string; path: string }) => `${kind} ${path}`).sort()).toEqual([
    'dropped course/static/dir',
    'duplicate course/static/a.txt',
    'junk course/._course.xml',
    'link course/gone',
    'name-collision course/static/a.txt',
    'outside backup/course.xml',
    'outside readme.txt',
    'root backup',
  ])
  expect(junk).toEqual(['course/._course.xml'])
  expect(dropped.map(({ what }: { what: string }) => what).sort()).toEqual([
    'backup/course.xml',
    'course/gone',
    'course/static/dir',
    'readme.txt',
  ])
  expect(artifacts.page?.content.toString()).toContain(
    'It holds another course; the one in &quot;course&quot; was imported.',
  )
})

test.each<[string, TestMember, string, RegExp]>([
  [
    'a path that leaves the archive',
    ['course/../../etc/passwd', 'x'],
    'archive-path-escapes',
    /"course\/..\/..\/etc\/passwd"/,
  ],
  ['an absolute path', ['/etc/passwd', 'x'], 'archive-path-absolute', /"\/etc\/passwd"/],
  ['a path with a drive', ['C:\\Windows\\a', 'x'], 'archive-path-absolute', /C:/],
  ['a path that leaves on Windows', ['a\\..\\..\\b', 'x'], 'archive-path-escapes', /leaves the archive/],
  ['a link that leaves the archive', [{ name: 'course/l', type: 'symlink', linkname: '../../x' }], 'archive-link-escapes', /"course\/l" points to "..\/..\/x"/], // biome-ignore format: a row
  ['a link to an absolute path', [{ name: 'course/l', type: 'symlink', linkname: '/etc/passwd' }], 'archive-link-escapes', /"\/etc\/passwd"/], // biome-ignore format: a row
  [
    'a hard link that leaves the archive',
    [{ name: 'l', type: 'link', linkname: '../x' }],
    'archive-link-escapes',
    /"l"/,
  ],
  [
    'a character device',
    [{ name: 'course/d', type: 'character-device' }],
    'archive-special-file',
    /"course\/d" is a device/,
  ],
  ['a block device', [{ name: 'course/d', type: 'block-device' }], 'archive-special-file', /"course\/d" is a device/],
  ['a named pipe', [{ name: 'course/p', type: 'fifo' }], 'archive-special-file', /"course\/p" is a named pipe/],
])('%s is refused, with its name', async (_what, member, code, message) => {
  const failure = await refusal(await tarGzOf([...PLAIN, member]))
  expect(failure.code).toBe(code)
  expect(failure.text).toMatch(message)
})

test.each<[string, Uint8Array, string, RegExp]>([
  ['an empty file', Buffer.alloc(0), 'archive-empty', /no bytes/],
  ['a text', Buffer.from('hello, this is no archive'), 'archive-unrecognised', /no archive/],
  ['a web page', Buffer.from('<!DOCTYPE html><title>Sign in</title>'), 'archive-unrecognised', /a web page/],
  ['a RAR archive', Buffer.from('Rar!\x1a\x07\x00'), 'archive-unrecognised', /a RAR archive/],
  ['a packed text', gzipSync('only a text'), 'archive-unrecognised', /it should be a tar archive/],
  ['a gzip in a gzip', gzipSync(gzipSync('x')), 'archive-unrecognised', /another gzip file/],
  [
    'a gzip that is cut off at once',
    gzipSync('x'.repeat(2000)).subarray(0, 12),
    'archive-damaged',
    /cannot be unpacked/,
  ],
  ['an archive of nothing', gzipSync(Buffer.alloc(10_240)), 'archive-empty', /no files/],
])('%s is named for what it is', async (_what, content, code, message) => {
  const failure = await refusal(content)
  expect(failure.code).toBe(code)
  expect(failure.text).toMatch(message)
})

test('an archive without course.xml says what is missing', async () => {
  const { code, text } = await refusal(await tarGzOf([['course/html/a.html', 'x']]))
  expect(code).toBe('course-root-missing')
  expect(text).toContain('course.xml')
})

test('an archive that ends too early says after which member', async () => {
  const whole = await tarOf([...PLAIN, ['course/static/big.bin', Buffer.alloc(300_000, 7)]])
  const tar = await refusal(whole.subarray(0, 200_000))
  expect(tar).toMatchObject({ code: 'archive-cut-off', text: expect.stringContaining('course/static/big.bin') })
  const noise = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * index * 31) % 251))
  const packed = await tarGzOf([...PLAIN, ['course/static/noise.bin', noise]])
  expect((await refusal(packed.subarray(0, packed.length - 500))).code).toBe('archive-cut-off')
})

/** A tar with other bytes in a member's header, and the checksum that goes with them. */
function withHeader(tar: Buffer, name: string, at: number, bytes: string): Buffer {
  const changed = Buffer.from(tar)
  const header = changed.subarray(changed.indexOf(`${name}\0`))
  header.write(bytes, at, 'latin1')
  header.write(' '.repeat(8), 148)
  const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return changed
}

const SIZE_AT = 124
const TYPE_AT = 156

test.each([0x90, 0x81, 0xfe])(
  'a member whose size begins with the byte %d, as none does, is refused',
  async (first) => {
    const tar = await tarOf([...PLAIN, [{ name: 'course/static', type: 'directory' }]])
    for (const name of ['course/html/a.html', 'course/static']) {
      const { code, text } = await refusal(withHeader(tar, name, SIZE_AT, String.fromCharCode(first)))
      expect(code).toBe('archive-damaged')
      expect(text).toContain('after the member "course/')
    }
  },
)

test('a folder that states a size is a folder all the same', async () => {
  const tar = await tarOf([[{ name: 'course/html', type: 'directory' }], ...PLAIN])
  expect(await roundTrip(withHeader(tar, 'course/html', SIZE_AT, '00000010000'))).toEqual(PLAIN_FILES)
})

test.each(['S', 'M'])('a member of the type %s, in which GNU tar keeps parts of files, is refused', async (type) => {
  const tar = withHeader(await tarOf(PLAIN), 'course/html/a.html', TYPE_AT, type)
  const { code, text } = await refusal(tar)
  expect(code).toBe('archive-special-file')
  expect(text).toContain('"course/html/a.html"')
})

test('an archive without an end mark, which may be cut off between two members, is imported with a note', async () => {
  const members: TestMember[] = [...PLAIN, ['course/static/b.txt', 'b'], ['course/static/c.txt', 'c']]
  const notesOf = async (content: Uint8Array): Promise<unknown[]> => {
    const uploads = { archive: uploadOf('c.tar', content) }
    const { artifacts } = await runTask(courseImport, { store: await temporaryStore(), input: { course }, uploads })
    return JSON.parse(artifacts.report?.content.toString() ?? '').notes
  }
  const whole = await tarOf(members)
  const cut = whole.subarray(0, 4 * 512)
  const message = expect.stringMatching(/may have been cut off.* 2\.$/)
  for (const content of [cut, gzipSync(cut)]) {
    expect(await notesOf(content)).toEqual([{ kind: 'root', path: 'course/html/a.html', message }])
  }
  expect(await notesOf(whole)).toEqual([])
  expect(await notesOf(gzipSync(whole))).toEqual([])
})

test('a path or a name that is too long is refused, named in part', async () => {
  const long = `course/${'d/'.repeat(50_000)}x`
  const members: [TestMember, RegExp][] = [
    [[long, 'x'], /The member "course\/d[d/]+…" has a path of more than 4096 bytes/],
    [[`course/${'\u00e9'.repeat(256)}`, 'x'], /longer than 255 characters/],
    [link('course/l', long), /The link "course\/l" points to .*…", which has a path of more than 4096 bytes/],
  ]
  for (const [member, message] of members) {
    const { code, text } = await refusal(await tarGzOf([...PLAIN, member]))
    expect(code).toBe('archive-path-invalid')
    expect(text).toMatch(message)
    expect(text.length).toBeLessThan(500)
  }
  const zip = await zipOf([['course/link', long]], { mode: 0o120777 })
  expect((await refusal(zip)).code).toBe('archive-path-invalid')
})

test('a bomb is stopped while it unpacks', async () => {
  const bomb = await tarGzOf([...PLAIN, ['course/static/zeros.bin', Buffer.alloc(64 * 2 ** 20)]])
  const { code, text } = await refusal(bomb)
  expect(code).toBe('archive-bomb')
  expect(text).toContain('"course/static/zeros.bin"')
})

test.each(['bzip2', 'xz'])('a bomb packed by %s is stopped while it unpacks', async (program) => {
  const tar = await tarOf([...PLAIN, ['course/static/zeros.bin', Buffer.alloc(64 * 2 ** 20)]])
  expect((await refusal(await packedBy(program, tar))).code).toBe('archive-bomb')
})

test('a bzip2 file of several streams is read to its end', async () => {
  const tar = await tarOf(PLAIN)
  const half = tar.length >> 1
  const packed = [await packedBy('bzip2', tar.subarray(0, half)), await packedBy('bzip2', tar.subarray(half))]
  expect(await roundTrip(Buffer.concat(packed))).toEqual(PLAIN_FILES)
})

test('a bomb in a zip is stopped while it unpacks', async () => {
  const zip = new ZipFile()
  zip.addBuffer(Buffer.alloc(64 * 2 ** 20), 'course/static/zeros.bin')
  zip.end()
  expect((await refusal(await collect(zip.outputStream as unknown as AsyncIterable<Uint8Array>))).code).toBe(
    'archive-bomb',
  )
})

test('too many bytes and too many members are refused, by what really comes out', async () => {
  const archive = await tarGzOf([...PLAIN, ['course/static/b.bin', Buffer.from('0123456789'.repeat(500))]])
  const bytes = await refusal(archive, { limits: { totalBytes: 1_000 } })
  expect(bytes).toMatchObject({ code: 'archive-too-big', text: expect.stringContaining('course/static/b.bin') })
  const members = await refusal(archive, { limits: { members: 2 } })
  expect(members).toMatchObject({
    code: 'archive-too-many-members',
    text: expect.stringContaining('course/static/b.bin'),
  })
})

test('a zip whose bytes were changed is refused with the member', async () => {
  const zip = await zipOf([['course/course.xml', COURSE]])
  const stored = new ZipFile()
  stored.addBuffer(Buffer.from('abcdefgh'), 'course/static/a.txt', { compress: false })
  stored.end()
  const bytes = await collect(stored.outputStream as unknown as AsyncIterable<Uint8Array>)
  bytes.write('X', bytes.indexOf('abcdefgh'))
  expect(crc32(zip)).toBeGreaterThan(0)
  expect(await refusal(bytes)).toMatchObject({
    code: 'archive-damaged',
    text: expect.stringContaining('course/static/a.txt'),
  })
})

test('a zip with a symbolic link that leaves it is refused', async () => {
  const zip = await zipOf([['course/link', '../../etc/passwd']], { mode: 0o120777 })
  expect(await refusal(zip)).toMatchObject({
    code: 'archive-link-escapes',
    text: expect.stringContaining('"course/link"'),
  })
})

test('a library under the key of a course is explained', async () => {
  expect((await refusal(await tarGzOf([['library/library.xml', '<library/>']]))).code).toBe('course-kind-mismatch')
})

test('broken XML in course.xml stops the import with file and line', async () => {
  const { code, text } = await refusal(await tarGzOf([['course/course.xml', '<course>\n<chapter></course>']]))
  expect(code).toBe('course-root-unreadable')
  expect(text).toMatch(/course\.xml.*2/s)
})
