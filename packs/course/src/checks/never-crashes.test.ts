import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { memoryTree } from '../olx/folder-tree.ts'
import { compareCourses } from '../olx/index.ts'
import { generatedCourse, mutatedCourse } from '../test-support/generated-course.ts'
import { heldMost } from '../test-support/memory.ts'
import { CHECKS, checkTree, countsOf, missingOf, reportHtml, reportJson } from './index.ts'

/** How many courses each property is tried on; more by the environment, for a long run. */
const RUNS = Number(process.env.ERRAND_PROPERTY_RUNS ?? (process.env.ERRAND_LONG === '1' ? 2_000 : 300))
// Each takes tens of milliseconds, and more beside other work on a slow machine.
vi.setConfig({ testTimeout: Math.max(60_000, RUNS * 600) })

afterEach(() => memory.check())
const memory = heldMost()

async function check(files: Record<string, string | Uint8Array>): Promise<void> {
  memory.look()
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
  await fc.assert(fc.asyncProperty(generatedCourse, check), { numRuns: RUNS })
})

test('whatever happens to the bytes of a course, it is read, checked and reported', async () => {
  await fc.assert(fc.asyncProperty(mutatedCourse, check), { numRuns: RUNS })
})

test('the same course is always read and checked the same way', async () => {
  await fc.assert(
    fc.asyncProperty(generatedCourse, async (files) => {
      const shuffled = Object.fromEntries(Object.entries(files).reverse())
      expect(await checkTree(memoryTree(shuffled))).toEqual(await checkTree(memoryTree(files)))
    }),
    { numRuns: Math.ceil(RUNS / 3) },
  )
})
