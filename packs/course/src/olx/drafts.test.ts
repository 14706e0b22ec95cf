import { expect, test } from 'vitest'
import { SOUND, spoiled } from '../checks/sound-course.ts'
import { childrenWithDrafts } from './drafts.ts'
import { readCourse } from './read-course.ts'

const OLD = 'parent_sequential_url="i4x://Org/Sound/sequential/first"'
const NEW = 'parent_url="block-v1:Org+Sound+2026+type@sequential+block@first"'
const unit = (name: string, parent: string, index: string, inner = '') => ({
  [`drafts/vertical/${name}.xml`]: `<vertical display_name="${name}" ${parent} index_in_children_list="${index}">${inner}</vertical>`,
})

async function withDrafts(files: Record<string, string>) {
  const course = await readCourse(spoiled(files))
  const sequential = course.byKey.get('sequential/first')
  if (sequential === undefined) throw new Error('the sequential is gone')
  return { course, children: childrenWithDrafts(course, sequential) }
}

test('units that were never published come back at their index, in both key syntaxes, whatever the files are called', async () => {
  const { course, children } = await withDrafts({
    ...unit('z', OLD, '0'),
    ...unit('a', NEW, '2'),
    ...unit('m', OLD, '10'),
  })
  expect(children).toEqual(['draft:vertical/z', 'vertical/unit', 'draft:vertical/a', 'draft:vertical/m'])
  // What is published does not change by it.
  expect(course.byKey.get('sequential/first')?.children).toEqual(['vertical/unit'])
  expect(course.byKey.get('draft:vertical/z')).toMatchObject({
    branch: 'draft',
    parent: 'sequential/first',
    draftIndex: 0,
  })
})

test('an unpublished version stands beside the published one and takes its place for authors', async () => {
  const changed = '<problem url_name="quiz"/><html url_name="new"/>'
  const { course, children } = await withDrafts({
    ...unit('unit', NEW, '0', changed),
    'drafts/problem/quiz.xml': '<problem display_name="Changed"><p/></problem>',
    'drafts/html/new.xml': '<html filename="new" display_name="New"/>',
    'drafts/html/new.html': '<p>new</p>',
  })
  expect(children).toEqual(['draft:vertical/unit'])
  expect(course.byKey.get('draft:vertical/unit')?.children).toEqual(['draft:problem/quiz', 'draft:html/new'])
  expect(course.byKey.get('draft:problem/quiz')?.displayName).toBe('Changed')
  expect(course.byKey.get('problem/quiz')?.displayName).toBe('Quiz')
  expect(course.byKey.get('draft:html/new')?.html).toBe('drafts/html/new.html')
  expect([course.problems, course.unreached]).toEqual([[], []])
})

test('a block that has no unpublished version is the published one, also inside a draft', async () => {
  const { course } = await withDrafts(unit('unit', NEW, '0', '<problem url_name="quiz"/>'))
  expect(course.byKey.get('draft:vertical/unit')?.children).toEqual(['problem/quiz'])
})

test('drafts nest: containers in units, units in those', async () => {
  const { course } = await withDrafts({
    ...unit('unit', NEW, '0', '<split_test url_name="exp"/>'),
    'drafts/split_test/exp.xml': '<split_test user_partition_id="0"><vertical url_name="g0"/></split_test>',
    'drafts/vertical/g0.xml': '<vertical display_name="Group 0"><html url_name="intro"/></vertical>',
  })
  expect(course.byKey.get('draft:split_test/exp')?.children).toEqual(['draft:vertical/g0'])
  expect(course.byKey.get('draft:vertical/g0')).toMatchObject({ children: ['html/intro'], draftIndex: undefined })
  expect(course.problems).toEqual([])
})

test('drafts that belong nowhere, or cannot be read, are said and the others are read', async () => {
  const { course, children } = await withDrafts({
    ...unit('lost', 'parent_url="i4x://Org/Sound/sequential/gone"', '0'),
    ...unit('odd', 'parent_url="what is this"', 'first'),
    ...unit('fine', NEW, '1', '<html url_name="intro"/>'),
    'drafts/vertical/broken.xml': '<vertical',
    'drafts/problem/orphan.xml': SOUND['problem/quiz.xml'] ?? '',
  })
  expect(children).toEqual(['vertical/unit', 'draft:vertical/fine'])
  expect(course.problems.map(({ code, file }) => `${code} ${file}`)).toEqual(
    expect.arrayContaining([
      'DraftWithoutParent drafts/vertical/lost.xml',
      'DraftWithoutParent drafts/vertical/odd.xml',
      'InvalidXML drafts/vertical/broken.xml',
    ]),
  )
  expect(course.unreached).toEqual(['drafts/problem/orphan.xml', 'drafts/vertical/broken.xml'])
})
