import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryTree } from '../olx/folder-tree.ts'
import { compareCourses } from '../olx/index.ts'
import { CHECKS, checkTree, countsOf, missingOf, reportHtml, reportJson } from './index.ts'
import { SOUND } from './sound-course.ts'

/** How many courses each property is tried on; more by the environment, for a long run. */
const RUNS = Number(process.env.ERRAND_PROPERTY_RUNS ?? 300)

const type = fc.constantFrom(
  'course',
  'library',
  'chapter',
  'sequential',
  'videosequence',
  'vertical',
  'html',
  'problem',
  'video',
  'discussion',
  'split_test',
  'conditional',
  'openassessment',
  'drag-and-drop-v2',
  'lti',
  'lti_consumer',
  'wiki',
  'textbook',
  'my_block',
)
// Few names, so that pointers meet files, blocks meet each other, and loops close.
const name = fc.constantFrom(
  'a',
  'b',
  'c',
  'x:y',
  '..',
  '../../a',
  '__proto__',
  'constructor',
  'é',
  'e\u0301',
  '',
  ' ',
  'a/b',
)
const value = fc.oneof(
  fc.constantFrom(
    '',
    'null',
    'true',
    '0',
    '-1',
    '1e999',
    '{}',
    '[1',
    '"x"',
    '2026-01-01',
    'Feb 31, 2026',
    '99999999999999',
  ),
  fc.constantFrom(
    '/static/a',
    '/static/%zz',
    '/jump_to_id/a',
    '/course/courseware/a/b/1',
    '/c4x/o/c/asset/x',
    'i4x://o/c/html/a',
  ),
  fc.string({ maxLength: 12, unit: 'binary' }),
)
const attribute = fc.tuple(
  fc.constantFrom(
    ...[
      'url_name',
      'slug',
      'name',
      'filename',
      'display_name',
      'org',
      'course',
      'start',
      'due',
      'showanswer',
      'weight',
    ],
    ...['data', 'discussion_id', 'lti_id', 'parent_url', 'index_in_children_list', 'is_time_limited', 'max_attempts'],
  ),
  fc.oneof(name, value),
)
const attributes = fc.uniqueArray(attribute, { selector: ([key]) => key, maxLength: 5 })

interface Element {
  readonly type: string
  readonly attributes: readonly (readonly [string, string])[]
  readonly children: readonly Element[]
  readonly text: string
}

const { element } = fc.letrec<{ element: Element }>((tie) => ({
  element: fc.record({
    type,
    attributes: fc.oneof(
      { weight: 2, arbitrary: fc.tuple(name).map(([id]) => [['url_name', id] as const]) },
      { weight: 3, arbitrary: attributes },
    ),
    children: fc.oneof(
      { maxDepth: 4 },
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(tie('element'), { maxLength: 4 }) },
    ),
    text: fc.constantFrom('', '', '\n', 'text', '<![CDATA[<x>]]>', '<!-- c -->'),
  }),
}))

function xml({ type: tag, attributes: list, children, text }: Element): string {
  const written = list
    .map(([key, content]) => ` ${key}="${content.replace(/[&<"\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '')}"`)
    .join('')
  return `<${tag}${written}>${text}${children.map(xml).join('')}</${tag}>`
}

const path = fc.oneof(
  fc
    .tuple(fc.constantFrom('', 'drafts/'), type, name)
    .map(([folder, kind, id]) => `${folder}${kind}/${id.replaceAll(':', '/')}.xml`),
  fc.constantFrom(
    ...['html/a.html', 'tabs/a.html', 'info/updates.html', 'about/overview.html', 'static/a', 'static/é', 'tags.csv'],
    ...[
      'policies/a/policy.json',
      'policies/a.json',
      'policies/a/grading_policy.json',
      'policies/assets.json',
      'library.xml',
    ],
  ),
)
const content = fc.oneof(
  { weight: 6, arbitrary: element.map(xml) },
  { weight: 2, arbitrary: fc.json({ maxDepth: 3 }) },
  {
    weight: 1,
    arbitrary: fc
      .dictionary(
        fc.tuple(type, name).map((parts) => parts.join('/')),
        fc.jsonValue({ maxDepth: 2 }),
      )
      .map((one) => JSON.stringify(one)),
  },
  {
    weight: 1,
    arbitrary: fc.record({ GRADER: fc.jsonValue(), GRADE_CUTOFFS: fc.jsonValue() }).map((one) => JSON.stringify(one)),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
)
const generated = fc
  .tuple(element, fc.boolean(), fc.dictionary(path, content, { maxKeys: 14 }))
  .map(([root, pointer, files]) => ({
    ...files,
    'course.xml': pointer ? '<course url_name="a" org="o" course="c"/>' : xml({ ...root, type: 'course' }),
  }))

/** A sound course in which some bytes of some files were changed, cut out, put in or doubled. */
const mutated = fc
  .array(
    fc.record({
      file: fc.constantFrom(...Object.keys(SOUND)),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(12),
      insert: fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc
          .constantFrom('<', '>', '&', '"', '/', '</', '<!DOCTYPE x [', ']]>', '{', '[', '\0', '\ufeff')
          .map((text) => new TextEncoder().encode(text)),
      ),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((edits) => {
    const files: Record<string, Uint8Array> = {}
    for (const [file, text] of Object.entries(SOUND)) files[file] = new TextEncoder().encode(text)
    for (const { file, at, cut, insert } of edits) {
      const old = files[file] ?? new Uint8Array()
      const from = Math.floor(at * old.length)
      files[file] = Uint8Array.from([...old.subarray(0, from), ...insert, ...old.subarray(from + cut)])
    }
    return files
  })

async function check(files: Record<string, string | Uint8Array>): Promise<void> {
  const { course, findings } = await checkTree(memoryTree(files))
  for (const { code, hint, level, message, file } of findings) {
    expect(Object.hasOwn(CHECKS, code)).toBe(true)
    expect([level, hint.length > 0, message.length > 0]).toEqual([
      expect.stringMatching(/^(ERROR|WARNING|INFO)$/),
      true,
      true,
    ])
    // A place is either a file of the course or the one that should be there.
    if (file !== undefined) expect(file).not.toBe('')
  }
  const input = { course: 'c', summary: 's', findings, missing: missingOf(findings) }
  expect(JSON.parse(reportJson(input)).findings).toHaveLength(findings.length)
  expect(reportHtml(input)).not.toMatch(/<script/i)
  if (course === undefined) {
    expect(findings.map(({ level }) => level)).toEqual(['ERROR'])
    return
  }
  // The tree of blocks is one: every key is known, unique, and leads back to its parent.
  expect(new Set(course.blocks.map(({ key }) => key)).size).toBe(course.blocks.length)
  for (const block of course.blocks) {
    expect(course.byKey.get(block.key)).toBe(block)
    if (block.parent !== undefined) expect(course.byKey.has(block.parent)).toBe(true)
    for (const child of block.children) expect(course.byKey.has(child)).toBe(true)
  }
  const same = compareCourses(course, course)
  expect([same.added, same.changed, same.removed, same.identityChanges]).toEqual([[], [], [], []])
  expect(countsOf(course).assets).toBe(course.assets.length)
}

test('whatever a course holds, it is read, checked and reported', async () => {
  await fc.assert(fc.asyncProperty(generated, check), { numRuns: RUNS })
})

test('whatever happens to the bytes of a course, it is read, checked and reported', async () => {
  await fc.assert(fc.asyncProperty(mutated, check), { numRuns: RUNS })
})

test('the same course is always read and checked the same way', async () => {
  await fc.assert(
    fc.asyncProperty(generated, async (files) => {
      const shuffled = Object.fromEntries(Object.entries(files).reverse())
      expect(await checkTree(memoryTree(shuffled))).toEqual(await checkTree(memoryTree(files)))
    }),
    { numRuns: Math.ceil(RUNS / 3) },
  )
})
