import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { packageProblems } from '../scripts/check-packages.ts'
import { tarballFolder } from './tarballs.ts'

/** Every package as it would be published: publint, the types, what it imports, what its manifest says. */

/** Milliseconds: whoever comes first packs all of them. */
const PACKING = 600_000

let tarballs: string[]
beforeAll(async () => {
  const folder = await tarballFolder()
  tarballs = (await readdir(folder)).map((name) => join(folder, name))
}, PACKING)

test('every package is fit to be published', async () => {
  const problems: Record<string, string[]> = {}
  for (const path of tarballs) problems[basename(path)] = await packageProblems(await readFile(path))
  expect(Object.keys(problems)).toHaveLength(12)
  expect(Object.fromEntries(Object.entries(problems).filter(([, found]) => found.length > 0))).toEqual({})
})

test('what is not fit is told', async () => {
  const task = tarballs.find((path) => basename(path).startsWith('errand-task-'))
  if (task === undefined) throw new Error('@errand/task was not packed.')
  // Texts of one length, so that the archive around them stays as it is.
  const broken = gunzipSync(await readFile(task))
    .toString('latin1')
    .replace('"provenance": true', '"provenance": null')
    .replaceAll("from 'zod'", "from 'zed'")
    .replace('"types": "./src/index.d.ts"', '"types": "./src/jndex.d.ts"')
  expect(await packageProblems(gzipSync(Buffer.from(broken, 'latin1')))).toEqual(
    expect.arrayContaining([
      expect.stringContaining('publishConfig must be'),
      expect.stringMatching(/^types: .*\(\., bundler\)$/),
      expect.stringMatching(/^src\/.*\.js imports zed, no dependency$/),
      expect.stringMatching(/^publint: .*does not exist/),
    ]),
  )
})
