import { expect, test } from 'vitest'
import { checkTree } from './index.ts'
import { SOUND, spoiled } from './sound-course.ts'

test.each([
  ['names of assets', `/assets/${'asset-v1:'.repeat(110_000)}`],
  ['jumps', `/courses/course-v1:Org+Sound+2026/${'jump_to/'.repeat(125_000)}\nx`],
  ['places', `/courses/course-v1:Org+Sound+2026/${'courseware/'.repeat(90_000)}\nx`],
])('a link of a megabyte that repeats %s is passed over, wherever it stands', async (_what, link) => {
  const { findings } = await checkTree(
    spoiled({
      'html/intro.html': `<p><a href="${link}">x</a></p>`,
      'problem/quiz.xml': `<problem display_name="Quiz"><a href="${link}">x</a></problem>`,
      'policies/2026/policy.json': (SOUND['policies/2026/policy.json'] ?? '').replace(
        '"course_image"',
        `"link": ${JSON.stringify(link)}, "course_image"`,
      ),
    }),
  )
  expect(findings).toEqual([])
})

test('a link of ordinary length is followed', async () => {
  const link = `/static/${'long/'.repeat(700)}lost.png`
  const { findings } = await checkTree(spoiled({ 'html/intro.html': `<p><img src="${link}"></p>` }))
  expect(findings).toEqual([expect.objectContaining({ code: 'MissingFile' })])
})
