import fc from 'fast-check'
import { SOUND } from '../checks/sound-course.ts'

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
/** A course of any tree: blocks of any type with any attributes, drafts, policies that may be no JSON, files that may be no text. */
export const generatedCourse: fc.Arbitrary<Record<string, string | Uint8Array>> = fc
  .tuple(element, fc.boolean(), fc.dictionary(path, content, { maxKeys: 14 }))
  .map(([root, pointer, files]) => ({
    ...files,
    'course.xml': pointer ? '<course url_name="a" org="o" course="c"/>' : xml({ ...root, type: 'course' }),
  }))

/** A sound course in which some bytes of some files were changed, cut out, put in or doubled. */
export const mutatedCourse: fc.Arbitrary<Record<string, Uint8Array>> = fc
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
