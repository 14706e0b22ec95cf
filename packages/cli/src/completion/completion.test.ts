import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { buildProgram } from '../program.ts'
import { completionScript } from './scripts.ts'
import { flatten, treeOf } from './tree.ts'

const run = promisify(execFile)
const root = treeOf(buildProgram().program)

/** What bash itself offers behind these words, the last of which is begun. */
async function offered(...words: string[]): Promise<string[]> {
  const ask = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _errand; printf '%s\\n' "\${COMPREPLY[@]}"`
  const script = `${completionScript('bash', root)}\n${ask}`
  const { stdout } = await run('bash', ['-c', script, 'bash', 'errand', ...words])
  return stdout.split('\n').filter((line) => line !== '')
}

test.each<[string[], string[]]>([
  [['def'], ['definitions']],
  [['definitions', 'p'], ['promote']],
  [
    ['db', ''],
    ['migrate', '--help'],
  ],
  [['list', '--sta'], ['--state']],
  [
    ['list', '--state', 'comp'],
    ['completed', 'completed_with_errors'],
  ],
  [['start', 'db', '--wa'], ['--wait']],
  [['start', 'x', '--data', 'li'], []],
  [['serve', 'no-such'], []],
])('bash offers behind errand %j: %j', async (words, expected) => {
  expect(await offered(...words)).toEqual(expected)
})

test('every command and every flag is offered', async () => {
  for (const { children, flags, path } of flatten(root)) {
    const all = [...children.map((child) => child.path.at(-1)), ...flags.map(({ long }) => long)]
    expect(await offered(...path, '')).toEqual(all)
  }
})

test('no word of ours is one that a shell reads otherwise', () => {
  for (const { flags, path } of flatten(root)) {
    for (const word of [...path, ...flags.flatMap(({ choices, long }) => [long, ...choices])]) {
      expect(word).toMatch(/^[a-z_-]+$/)
    }
  }
})

test('fish is told of each, and descriptions with apostrophes stay texts', () => {
  const lines = completionScript('fish', root).split('\n')
  expect(lines).toContainEqual(expect.stringMatching(/ -f -a migrate -d 'bring the database/))
  expect(lines).toContainEqual(
    expect.stringMatching(/'__fish_seen_subcommand_from list' -l state -x -a 'pending .*' -d '/),
  )
  const rest = lines.map((line) => line.replaceAll(/'(\\.|[^'\\])*'/g, '')).filter((line) => line.includes("'"))
  expect(rest).toEqual([])
})
