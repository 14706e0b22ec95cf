import { expect, test } from 'vitest'
import { edited, SOUND, spoiled } from '../checks/sound-course.ts'
import type { CourseTree } from '../tree.ts'
import { compareCourses, identities } from './compare.ts'
import { readCourse } from './read-course.ts'

async function compared(after: CourseTree, before: CourseTree = spoiled({})) {
  return compareCourses(await readCourse(before), await readCourse(after))
}
const keys = (list: readonly { key: string }[]) => list.map(({ key }) => key)

test('the identities of a course are its blocks with their names and discussion ids', async () => {
  const found = identities(await readCourse(spoiled({})))
  expect(keys(found)).toEqual([
    'course/2026',
    'chapter/one',
    'sequential/first',
    'vertical/unit',
    'html/intro',
    'problem/quiz',
    'discussion/talk',
  ])
  expect(found.at(-1)).toMatchObject({
    discussionId: 'talk-1',
    displayName: 'Talk',
    file: 'vertical/unit.xml',
    line: 4,
  })
})

test('a course does not differ from itself, nor from one that is only laid out differently', async () => {
  const inline = edited(
    'vertical/unit.xml',
    '<problem url_name="quiz"/>',
    (SOUND['problem/quiz.xml'] ?? '').replace('<problem', '<problem  url_name="quiz"'),
  )
  const nothing = { added: [], changed: [], removed: [], identityChanges: [] }
  expect(await compared(spoiled({}))).toMatchObject(nothing)
  expect(await compared(inline)).toMatchObject(nothing)
})

test('changed content, settings, HTML and policy are told apart from the rest', async () => {
  expect(keys((await compared(edited('problem/quiz.xml', '6 × 7', '7 × 7'))).changed)).toEqual(['problem/quiz'])
  expect(keys((await compared(edited('problem/quiz.xml', '"Quiz"', '"Test"'))).changed)).toEqual(['problem/quiz'])
  expect(keys((await compared(edited('html/intro.html', 'See', 'Look at'))).changed)).toEqual(['html/intro'])
  expect(keys((await compared(edited('policies/2026/policy.json', '"A sound', '"Another'))).changed)).toEqual([
    'course/2026',
  ])
  const files = (
    await compared(spoiled({ 'static/cover.png': 'longer than before', 'static/new': 'x', 'about/overview.html': 'x' }))
  ).files
  expect(files).toEqual({ added: ['static/new', 'about/overview.html'], changed: ['static/cover.png'], removed: [] })
})

test('what comes and goes is told, and that its container changed', async () => {
  const without = edited('vertical/unit.xml', '  <problem url_name="quiz"/>\n', '')
  const less = await compared(without)
  expect([keys(less.removed), keys(less.changed), keys(less.added)]).toEqual([['problem/quiz'], ['vertical/unit'], []])
  const more = await compared(spoiled({}), without)
  expect([keys(more.removed), keys(more.changed), keys(more.added)]).toEqual([[], ['vertical/unit'], ['problem/quiz']])
})

test('a block under a new url_name is a changed identity, by its content or by its name and place', async () => {
  const renamed = { 'problem/quiz.xml': null, 'problem/quiz2.xml': SOUND['problem/quiz.xml'] ?? '' }
  const unit = (SOUND['vertical/unit.xml'] ?? '').replace('"quiz"', '"quiz2"')
  const change = { kind: 'url_name', type: 'problem', displayName: 'Quiz', from: 'quiz', to: 'quiz2' }
  expect((await compared(spoiled({ ...renamed, 'vertical/unit.xml': unit }))).identityChanges).toEqual([change])
  const rewritten = { ...renamed, 'problem/quiz2.xml': '<problem display_name="Quiz"><p>Other</p></problem>' }
  expect((await compared(spoiled({ ...rewritten, 'vertical/unit.xml': unit }))).identityChanges).toEqual([change])
})

test('a discussion that loses its id loses its posts, and that is told', async () => {
  const change = { kind: 'discussion_id', type: 'discussion', displayName: 'Talk', from: 'talk-1' }
  const other = await compared(edited('vertical/unit.xml', 'talk-1', 'talk-2'))
  expect(other.identityChanges).toEqual([{ ...change, to: 'talk-2' }])
  const gone = await compared(
    edited('vertical/unit.xml', / {2}<discussion.*\n/.exec(SOUND['vertical/unit.xml'] ?? '')?.[0] ?? '', ''),
  )
  expect(gone.identityChanges).toEqual([{ ...change, to: undefined }])
})

test('of many blocks with the same content each is paired once, in the order of the course, and without going through all for each', async () => {
  // So many that it would not end where each is looked for among all.
  const COUNT = 200_000
  const course = await readCourse(spoiled({}))
  const problem = course.byKey.get('problem/quiz')
  if (problem === undefined) return expect.unreachable()
  const courseOf = (prefix: string): typeof course => {
    const blocks = Array.from({ length: COUNT }, (_, n) => {
      const urlName = `${prefix}${n}`
      return { ...problem, key: `problem/${urlName}`, urlName }
    })
    return { ...course, blocks, byKey: new Map(blocks.map((block) => [block.key, block])) }
  }
  const [before, after] = [courseOf('a'), courseOf('b')]
  const { identityChanges } = compareCourses(before, after)
  expect(identityChanges).toHaveLength(COUNT)
  expect(identityChanges.every(({ from, to }) => to === from.replace('a', 'b'))).toBe(true)
})
