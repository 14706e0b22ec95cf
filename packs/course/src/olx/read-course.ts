import { TaskFailure } from '@errand/task'
import type { CourseTree } from '../tree.ts'
import { readAssets } from './assets.ts'
import { BlockReader } from './block-reader.ts'
import { CONTAINERS, FILED_TYPES, LEAVES } from './block-types.ts'
import type { Course } from './course.ts'
import { isDraftFile, readDrafts } from './drafts.ts'
import { type NameSource, nameOf } from './names.ts'
import { readPages } from './pages.ts'
import { policyEntry, readPolicies, tabsOf } from './policies.ts'
import { Problems } from './problems.ts'
import { TreeFiles } from './tree-files.ts'
import type { XmlElement } from './xml.ts'

/** What may be said about how to read a course. */
export interface ReadOptions {
  /** The file it begins with, when that is neither `course.xml` nor `library.xml`. */
  readonly root?: string
}

/**
 * Reads what the files of a course or library say. Whatever is missing or broken is recorded in `problems`, and the rest is
 * read; only a course without a readable first file is refused.
 *
 * @throws TaskFailure `course-root-missing` or `course-root-unreadable`, naming the file and line
 * @example
 * ```ts
 * const course = await readCourse(tree)
 * course.blocks.filter((block) => block.type === 'problem').length
 * ```
 */
export async function readCourse(tree: CourseTree, options: ReadOptions = {}): Promise<Course> {
  const files = new TreeFiles(tree)
  const problems = new Problems()
  const root = chooseRoot(files, problems, options.root)
  const { element, text } = await readRoot(files, root)
  const { source, ...identity } = identityOf(element, text)
  const { kind, run } = identity
  if (kind === 'course' && source !== 'url_name' && source !== 'slug') {
    const made = run === undefined ? 'so its policies cannot be found' : `it goes by ${run}, made from its ${source}`
    problems.add('NoRunName', root, element.line, `The course has no url_name; ${made}.`)
  }
  const policies =
    kind === 'library'
      ? { policy: { file: '', value: undefined }, grading: { file: '', value: undefined } }
      : await readPolicies(files, problems, run)
  const reader = new BlockReader(files, problems, (block) => policyEntry(policies.policy, block))
  await reader.readRoot(element, root, text)
  await readDrafts(files, problems, reader)
  const pages = await readPages(files, run)
  const { assets, stale } = await readAssets(files, problems)
  const unreached = await findUnreached(files, problems)

  const first = reader.blocks[0]
  return {
    ...identity,
    root,
    run: kind === 'course' ? run : undefined,
    displayName: first?.displayName,
    blocks: reader.blocks,
    byKey: reader.byKey,
    policy: policies.policy,
    gradingPolicy: policies.grading,
    tabs: tabsOf(policyEntry(policies.policy, `course/${run}`)),
    pages,
    assets,
    staleAssetEntries: stale,
    textbooks: reader.textbooks,
    wiki: reader.wiki,
    tagsFile: files.find('tags.csv'),
    problems: problems.found,
    moreProblems: problems.more,
    renamed: reader.renamed,
    unreached,
  }
}

/** What a course or library calls itself. */
export type CourseIdentity = Pick<Course, 'kind' | 'org' | 'course' | 'run'>

/**
 * Reads no more than the file a course or library begins with.
 *
 * @throws TaskFailure `course-root-missing` or `course-root-unreadable`, naming the file and line
 */
export async function readIdentity(tree: CourseTree): Promise<CourseIdentity> {
  const files = new TreeFiles(tree)
  const { element, text } = await readRoot(files, chooseRoot(files, new Problems(), undefined))
  const { source: _, ...identity } = identityOf(element, text)
  return identity
}

function identityOf(element: XmlElement, text: string): CourseIdentity & { source: NameSource } {
  const kind = element.name === 'library' ? 'library' : 'course'
  const { name, source } = nameOf(kind, element.attributes, () => text)
  return {
    kind,
    org: element.attributes.get('org') || undefined,
    course: element.attributes.get(kind) || undefined,
    run: source === 'generated' ? undefined : name,
    source,
  }
}

function chooseRoot(files: TreeFiles, problems: Problems, asked: string | undefined): string {
  const names = asked === undefined ? ['course.xml', 'library.xml'] : [asked]
  const found = names.flatMap((name) => files.find(name) ?? [])
  const [first, second] = found
  if (first !== undefined) {
    if (second !== undefined)
      problems.add('CourseXMLName', second, 1, `${first} was read; ${second} beside it was not.`)
    if (asked !== undefined && !/^(course|library)\.xml$/.test(first)) {
      problems.add('CourseXMLName', first, 1, `The course begins with ${first}, where course.xml is expected.`)
    }
    return first
  }
  const runs = files.tree.paths.filter((path) => /^roots\/[^/]+\.xml$/.test(path))
  const [run, other] = runs
  if (asked === undefined && run !== undefined && other === undefined) {
    problems.add('CourseXMLName', run, 1, `There is no course.xml; ${run} was read in its place.`)
    return run
  }
  const similar = files.tree.paths.filter((path) => /^[^/]+\.xml$/.test(path)).slice(0, 5)
  const there = [...runs, ...similar].slice(0, 5)
  throw new TaskFailure({
    code: 'course-root-missing',
    title: 'This is not a course or a library',
    detail: `There is no ${names.join(' and no ')} among its ${files.tree.paths.length} files${there.length === 0 ? '' : `, but there is ${there.join(', ')}`}.`,
    hint:
      runs.length > 1
        ? 'Copy the one of the files in roots/ that you want to course.xml, and pack the course again.'
        : 'Pack the folder that holds course.xml (or library.xml), as an export from the authoring tool has it.',
  })
}

async function readRoot(files: TreeFiles, root: string): Promise<{ element: XmlElement; text: string }> {
  const parsed = await files.xml(root)
  if (!parsed.ok) {
    const { line, column, message } = parsed.error
    throw new TaskFailure({
      code: 'course-root-unreadable',
      title: `${root} cannot be read`,
      detail: `${root}, line ${line}, column ${column}: ${message}.`,
      hint: 'Correct this file, as the whole course begins with it, and try again.',
    })
  }
  const { root: element, text } = parsed
  if (element.name !== 'course' && element.name !== 'library') {
    throw new TaskFailure({
      code: 'course-root-unreadable',
      title: `${root} is not the beginning of a course`,
      detail: `${root}, line ${element.line}: it opens with <${element.name.slice(0, 100)}>, where <course> or <library> is expected.`,
      hint: 'Check that this is the course.xml of an exported course.',
    })
  }
  return { element, text }
}

/** Files that look like definitions of blocks and are none that the course uses; broken ones are reported as such. */
async function findUnreached(files: TreeFiles, problems: Problems): Promise<string[]> {
  const unreached: string[] = []
  for (const path of files.tree.paths) {
    const type = /^(?:drafts\/)?([^/]+)\/.+\.(?:xml|html)$/.exec(path)?.[1]
    if (type === undefined || files.reached.has(path)) continue
    if (!(isDraftFile(path) || CONTAINERS.has(type) || FILED_TYPES.has(type) || LEAVES.has(type))) continue
    unreached.push(path)
    if (!path.endsWith('.xml')) continue
    const parsed = await files.peek(path)
    if (parsed.ok) continue
    const { line, column, message } = parsed.error
    problems.add('InvalidXML', path, line, `The file is not well-formed XML: ${message}. Nothing leads to it.`, column)
  }
  return unreached
}
