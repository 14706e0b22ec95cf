import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isTaskFailure, packOf } from '@errand/task'
import { expect, test } from 'vitest'
import * as module from './index.ts'

test('the pack has its definitions, and checks its options', () => {
  const pack = packOf('@errand/course', module)
  expect(pack.definitions.map(({ shape }) => shape.name)).toEqual([
    'course.import',
    'course.export',
    'course.versions',
    'course.revert',
    'course.sweep',
  ])
  expect(pack.configure({ store: { scheme: 'fs', root: '/srv' } })).toMatchObject({
    options: { keptVersions: 20, sweepAfterDays: 7, limits: { members: 50_000, ratio: 200 } },
    stores: { courses: { scheme: 'fs', root: '/srv' } },
  })
  try {
    pack.configure({ limits: { member: 5 } })
    expect.unreachable()
  } catch (error) {
    expect(isTaskFailure(error) && error.detail).toContain('member')
  }
})

// Test runners are more forgiving than node about what old modules export.
test('node itself loads it', async () => {
  const path = join(import.meta.dirname, 'index.ts')
  const script = `import(${JSON.stringify(path)}).then(({ default: pack }) => console.log(pack.name))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
  expect(stdout.trim()).toBe('@errand/course')
})
