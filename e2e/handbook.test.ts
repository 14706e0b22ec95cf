import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { stepMoves, taskMoves } from '@errand/task'
import { expect, test } from 'vitest'
import { sidebar } from '../docs/.vitepress/sidebar.ts'
import { referencePage } from '../scripts/reference.ts'
import { commandLines, wrongWords } from './command-lines.ts'

/** The handbook is whole: every page is found, every link leads somewhere, and the pictures say what the code does. */

const root = resolve(import.meta.dirname, '..')
const read = (path: string) => readFile(join(root, path), 'utf8')
const listed = sidebar.flatMap(({ items }) => items.map(({ link }) => link.slice(1)))

test('the sidebar and the index name every page of docs/', async () => {
  const index = await read('docs/README.md')
  for await (const path of glob('docs/*.md', { cwd: root })) {
    expect(listed).toContain(path)
    if (path !== 'docs/README.md') expect(index).toContain(`(${path.slice('docs/'.length)})`)
  }
})

test('the reference is what the sources say; npm run reference writes it anew', async () => {
  expect(await read('docs/reference.md')).toBe(await referencePage())
})

test.each(listed)('%s: every link within the repository leads somewhere', async (page) => {
  const text = (await read(page)).replaceAll(/^ *```[\s\S]*?^ *```$/gm, '').replaceAll(/`[^`\n]*`/g, '')
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  const inside = targets.filter((target) => !/^[a-z]+:/.test(target))
  const dead: string[] = []
  for (const target of inside) {
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? page : join(dirname(page), decodeURI(path))
    if (!existsSync(join(root, file))) dead.push(target)
    else if (anchor !== undefined && !anchors(await read(file)).includes(anchor)) dead.push(target)
  }
  expect(dead).toEqual([])
})

test.each(listed)('%s: every command and flag exists', async (page) => {
  expect(commandLines(await read(page)).flatMap(wrongWords)).toEqual([])
})

test('commands are found in blocks and in lines', () => {
  const page = 'Say `errand list --all`.\n\n```sh\nnpx errand start x \\\n  --wait  # and more\n```\n'
  expect(commandLines(page)).toEqual([
    ['start', 'x', '--wait'],
    ['list', '--all'],
  ])
  expect(commandLines(page).flatMap(wrongWords)).toEqual(['errand list has no --all'])
})

/** The anchors of headings, as viewers of Markdown make them. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test.each([
  ['task-states', taskMoves],
  ['step-states', stepMoves],
] as const)('the picture %s has the moves that are allowed, and no others', async (name, moves) => {
  const svg = await read(`docs/pictures/${name}.svg`)
  const drawn = [...svg.matchAll(/data-from="(\w+)" data-to="(\w+)"/g)].map(([, from, to]) => `${from} → ${to}`)
  const allowed = Object.entries<readonly string[]>(moves).flatMap(([from, to]) =>
    to.map((each) => `${from} → ${each}`),
  )
  expect(drawn.toSorted()).toEqual(allowed.toSorted())
})
