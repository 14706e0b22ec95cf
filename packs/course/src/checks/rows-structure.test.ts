import { expect, test } from 'vitest'
import type { CourseTree } from '../tree.ts'
import { CHECKS, checkTree } from './index.ts'
import { edited, spoiled } from './sound-course.ts'

const UNIT = 'vertical/unit.xml'
const INTRO = '  <html url_name="intro"/>\n'

/** Each structure check: a course that has just that wrong, and where. */
const ROWS: readonly (readonly [code: keyof typeof CHECKS, tree: CourseTree, at: string])[] = [
  ['CourseXMLDoesNotExist', spoiled({ 'course.xml': null }), '-'],
  ['InvalidXML', spoiled({ 'course.xml': '<course>\n<oops></course>' }), 'course.xml:2'],
  [
    'InvalidXML',
    spoiled({ 'problem/quiz.xml': '<problem display_name="Q">\n<p>AT&T</p></problem>' }),
    'problem/quiz.xml:2',
  ],
  ['InvalidHTML', spoiled({ 'html/intro.html': '<p>fine</p>\n<p>This is amazing!</b>\n' }), 'html/intro.html:2'],
  ['InvalidHTML', spoiled({ 'html/intro.html': '<div>\n<em>never closed\n</div>' }), 'html/intro.html:2'],
  [
    'TagMismatch',
    spoiled({ 'chapter/one.xml': '<!-- -->\n<section display_name="One"><sequential url_name="first"/></section>' }),
    'chapter/one.xml:2',
  ],
  [
    'InvalidPointer',
    edited(UNIT, '<problem url_name="quiz"/>', '<problem url_name="quiz" display_name="Quiz"/>'),
    `${UNIT}:3`,
  ],
  [
    'InvalidPointer',
    spoiled({ 'course.xml': '\n<course url_name="2026" org="Org" course="Sound" display_name="X"/>' }),
    'course.xml:2',
  ],
  ['InvalidPointer', spoiled({ 'course.xml': '<course url_name="2026"/>' }), 'course.xml:1'],
  ['FileDoesNotExist', spoiled({ 'problem/quiz.xml': null }), `${UNIT}:3`],
  ['FileDoesNotExist', spoiled({ 'html/intro.html': null }), 'html/intro.xml:1'],
  ['SelfPointer', spoiled({ 'problem/quiz.xml': '\n<problem url_name="quiz"/>' }), 'problem/quiz.xml:2'],
  ['PointerAlreadyPointedAt', spoiled({ 'problem/quiz.xml': '<problem url_name="other"/>' }), 'problem/quiz.xml:1'],
  [
    'UnexpectedTag',
    edited(
      UNIT,
      INTRO,
      `${INTRO}  <chapter url_name="deep" display_name="x"><sequential url_name="s" display_name="x"><vertical url_name="v" display_name="x"><video url_name="w" display_name="x"/></vertical></sequential></chapter>\n`,
    ),
    `${UNIT}:3`,
  ],
  ...['<wiki slug="x"/>', '<textbook title="T"/>', '<show sources="a"/>'].map(
    (tag) =>
      [
        'UnexpectedTag',
        edited('sequential/first.xml', '  <vertical', `  ${tag}\n  <vertical`),
        'sequential/first.xml:2',
      ] as const,
  ),
  ['UnexpectedContent', edited(UNIT, INTRO, `${INTRO}\n  some text\n`), `${UNIT}:4`],
  [
    'EmptyTag',
    edited('sequential/first.xml', '</sequential>', '<vertical url_name="v2"/></sequential>', {
      'vertical/v2.xml': '\n<vertical display_name="Empty"/>',
    }),
    'vertical/v2.xml:2',
  ],
  [
    'URLNameMismatch',
    spoiled({ 'problem/quiz.xml': '<problem url_name="other" display_name="Quiz"><p/></problem>' }),
    'problem/quiz.xml:1',
  ],
  [
    'PossiblePointer',
    edited(UNIT, '<problem url_name="quiz"/>', '<problem url_name="quiz" display_name="Quiz"><p>x</p></problem>'),
    `${UNIT}:3`,
  ],
  [
    'PossiblePointer',
    spoiled({ 'course.xml': '<course url_name="2026" org="Org" course="Sound"><chapter url_name="one"/></course>' }),
    'course.xml:1',
  ],
  [
    'PossibleHTMLPointer',
    edited(UNIT, '<html url_name="intro"/>', '<html url_name="intro" display_name="I"><p>Hi</p></html>', {
      'html/intro.xml': null,
    }),
    `${UNIT}:2`,
  ],
  [
    'PossibleHTMLPointer',
    spoiled({ 'html/intro.xml': '<html filename="intro" display_name="I"><p/></html>' }),
    'html/intro.xml:1',
  ],
  [
    'NonFlatURLName',
    edited(UNIT, 'url_name="intro"', 'url_name="sub:intro"', {
      'html/sub/intro.xml': '<html filename="intro" display_name="I"/>',
    }),
    `${UNIT}:2`,
  ],
  [
    'NonFlatFilename',
    spoiled({ 'html/intro.xml': '<html filename="sub:intro" display_name="I"/>', 'html/sub/intro.html': '<p>x</p>' }),
    'html/intro.xml:1',
  ],
  [
    'DuplicateHTMLName',
    edited(UNIT, INTRO, `${INTRO}  <html url_name="again" filename="intro" display_name="A"/>\n`),
    `${UNIT}:3`,
  ],
  [
    'NoRunName',
    spoiled({ 'course.xml': '<course org="Org" course="Sound">\n<chapter url_name="one"/></course>' }),
    'course.xml:1',
  ],
  [
    'NoRunName',
    spoiled({ 'course.xml': '\n<course org="Org" course="Sound" name="2026"><chapter url_name="one"/></course>' }),
    'course.xml:2',
  ],
  ['PolicyNotFound', spoiled({ 'policies/2026/policy.json': null }), 'policies/2026/policy.json'],
  ['PolicyNotFound', spoiled({ 'policies/2026/grading_policy.json': null }), 'policies/2026/grading_policy.json'],
  ['BadPolicy', spoiled({ 'policies/2026/policy.json': '{\n  "a": 1,\n}' }), 'policies/2026/policy.json:3'],
  ['MissingURLName', edited(UNIT, INTRO, `${INTRO}  <html display_name="Nameless"><p>x</p></html>\n`), `${UNIT}:3`],
  ['DuplicateURLName', edited(UNIT, INTRO, `${INTRO}  <video url_name="quiz" display_name="V"/>\n`), `${UNIT}:4`],
  [
    'RenamedBlock',
    edited(UNIT, INTRO, `${INTRO}  <video url_name="v" display_name="V"/>\n  <video url_name="v" display_name="W"/>\n`),
    `${UNIT}:4`,
  ],
  ['BadUpdates', spoiled({ 'info/updates.items.json': '[\n{' }), 'info/updates.items.json:2'],
  ['BadUpdates', spoiled({ 'info/updates.items.json': '{}' }), 'info/updates.items.json:1'],
  ['BadUpdates', spoiled({ 'info/updates.items.json': '[7]' }), 'info/updates.items.json:1'],
  ['BadAssetMetadata', spoiled({ 'policies/assets.json': '[]' }), 'policies/assets.json:1'],
  [
    'DraftWithoutParent',
    spoiled({
      'drafts/vertical/d.xml':
        '\n<vertical display_name="D" parent_url="i4x://Org/Sound/sequential/gone" index_in_children_list="0"><video url_name="dv" display_name="x"/></vertical>',
    }),
    'drafts/vertical/d.xml:2',
  ],
  ['UnknownBlock', edited(UNIT, INTRO, `${INTRO}  <holodeck url_name="x" safety="off"/>\n`), `${UNIT}:3`],
  ['UnreachedFile', spoiled({ 'problem/lost.xml': '<problem/>' }), 'problem/lost.xml'],
]

test.each(ROWS)('%s is found, with its place and what to do', async (code, tree, at) => {
  const { findings } = await checkTree(tree)
  const found = findings.filter((finding) => finding.code === code)
  expect(found.map(({ file = '-', line }) => (line === undefined ? file : `${file}:${line}`))).toEqual([at])
  expect(found[0]).toMatchObject({ level: CHECKS[code].level, hint: CHECKS[code].hint })
  expect(found[0]?.message).toMatch(/\.$/)
})

test('a sound course has no findings', async () => {
  expect((await checkTree(spoiled({}))).findings).toEqual([])
})

test('a course that exceeds a limit of the reader is reported, and the rest is read', async () => {
  const deep = `${'<a>'.repeat(300)}${'</a>'.repeat(300)}`
  const { findings, course } = await checkTree(
    spoiled({ 'problem/quiz.xml': `<problem display_name="Q">${deep}</problem>` }),
  )
  expect(findings).toContainEqual(expect.objectContaining({ code: 'InvalidXML', file: 'problem/quiz.xml' }))
  expect(course?.byKey.get('problem/quiz')?.broken).toBe(true)
  expect(course?.byKey.has('html/intro')).toBe(true)
  const long = await checkTree(spoiled({ 'html/intro.html': 'x'.repeat(2 * 1024 * 1024 + 1) }))
  expect(long.findings).toEqual([
    expect.objectContaining({ code: 'TooLarge', file: 'html/intro.html', level: 'ERROR' }),
  ])
})

test('a course that begins with another file is read, and that is said', async () => {
  const start = '<course url_name="2026" org="Org" course="Sound"/>'
  for (const [file, options] of [
    ['start.xml', { root: 'start.xml' }],
    ['roots/2026.xml', {}],
  ] as const) {
    const { findings, course } = await checkTree(spoiled({ 'course.xml': null, [file]: start }), options)
    expect(findings).toEqual([expect.objectContaining({ code: 'CourseXMLName', level: 'WARNING', file, line: 1 })])
    expect(course?.blocks).toHaveLength(7)
  }
})

test('a course.xml that is no pointer says what it has too much or too little, and which file is not used', async () => {
  const messageOf = async (attributes: string) => {
    const { findings } = await checkTree(spoiled({ 'course.xml': `<course url_name="2026" ${attributes}/>` }))
    expect(findings).not.toContainEqual(expect.objectContaining({ code: 'UnreachedFile', file: 'course/2026.xml' }))
    return findings.find(({ code }) => code === 'InvalidPointer')?.message
  }
  const start = '<course url_name="2026"> is empty and so should be a pointer, but it'
  const end = 'The file course/2026.xml exists and is not used.'
  expect(await messageOf('org="O" course="C" a="1" b="2"')).toBe(
    `${start} has more than url_name, org, course: a, b. ${end}`,
  )
  expect(await messageOf('a="1"')).toBe(
    `${start} lacks org and course and has more than url_name, org, course: a. ${end}`,
  )
})

test('a run that is made from a name goes on to be found by it, and an old slug is a name given', async () => {
  const read = async (attributes: string) =>
    checkTree(
      spoiled({ 'course.xml': `<course org="Org" course="Sound" ${attributes}><chapter url_name="one"/></course>` }),
    )
  const derived = await read('name="2026"')
  expect(derived.course).toMatchObject({ run: '2026', displayName: 'A sound course' })
  expect(derived.findings).toContainEqual(expect.objectContaining({ code: 'NoRunName', level: 'ERROR' }))
  const given = await read('slug="2026"')
  expect(given.findings).not.toContainEqual(expect.objectContaining({ code: 'NoRunName' }))
})

test('a filename is a setting where the type has no files of its own', async () => {
  const scorm = '<scorm url_name="s" display_name="S" filename="package.zip" xblock-family="xblock.v1"/>'
  const { findings, course } = await checkTree(edited(UNIT, INTRO, `${INTRO}  ${scorm}\n`))
  expect(findings.filter(({ level }) => level !== 'INFO')).toEqual([])
  expect(course?.byKey.get('scorm/s')).toMatchObject({ broken: false, file: UNIT })
})

test('show and wiki are where they belong', async () => {
  const conditional =
    '<conditional url_name="c" display_name="C"><show sources="a"/><html url_name="intro"/></conditional>'
  const { findings } = await checkTree(edited(UNIT, INTRO, `  ${conditional}\n`))
  expect(findings.filter(({ code }) => code === 'UnexpectedTag')).toEqual([])
})

test('every check of the registry has a course that triggers it', () => {
  const here = new Set<string>(ROWS.map(([code]) => code))
  const elsewhere = Object.entries(CHECKS).filter(([code, { step }]) => step <= 3 && !here.has(code))
  // These two have tests of their own above, and of an archive that is refused import/refused.test.ts tells.
  expect(elsewhere.map(([code]) => code)).toEqual(['CourseXMLName', 'TooLarge', 'ArchiveRefused'])
})
