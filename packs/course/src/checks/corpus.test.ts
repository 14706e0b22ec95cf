import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { folderTree } from '../olx/folder-tree.ts'
import { checkTree, reportHtml } from './index.ts'

const CORPUS = fileURLToPath(new URL('../../../../../shared/corpus', import.meta.url))
const present = existsSync(CORPUS)
if (!present) console.log(`Skipped: there are no courses to try in ${CORPUS}`)
const courses = present
  ? readdirSync(CORPUS, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'archives')
      .map(({ name }) => name)
  : []

/** What is known of courses made to have just these things wrong. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'olxcleaner-testcourse2': [
    ...[
      'CourseXMLName',
      'InvalidXML',
      'InvalidHTML',
      'TagMismatch',
      'InvalidPointer',
      'FileDoesNotExist',
      'SelfPointer',
    ],
    ...[
      'PointerAlreadyPointedAt',
      'UnexpectedTag',
      'UnexpectedContent',
      'EmptyTag',
      'URLNameMismatch',
      'PossiblePointer',
    ],
    ...['PossibleHTMLPointer', 'NonFlatURLName', 'NonFlatFilename', 'DuplicateHTMLName'],
  ],
  'olxcleaner-testcourse5': ['BadPolicy'],
  'olxcleaner-testcourse9': ['InvalidSetting', 'DateOrdering', 'MissingFile', 'Obsolete', 'LTIError'],
  'olxcleaner-testcourse10': [
    'BadJumpToLink',
    'BadCourseLink',
    'MissingFile',
    'DuplicateID',
    'TagMismatch',
    'ExtraDisplayName',
  ],
  'edxplat-xml-dag': ['DuplicateURLName'],
}

describe.skipIf(!present)('real courses', () => {
  test.each(courses)('%s is read, checked and reported', async (name) => {
    const root = name === 'olxcleaner-testcourse2' ? { root: 'coursefile.xml' } : {}
    const { course, findings } = await checkTree(folderTree(`${CORPUS}/${name}`), root)
    expect(course?.blocks.length).toBeGreaterThan(0)
    const codes = new Set(findings.map(({ code }) => code))
    for (const code of EXPECTED[name] ?? []) expect(codes).toContain(code)
    expect(reportHtml({ course: name, summary: 'Checked.', findings })).toContain('</html>')
    const levels = ['ERROR', 'WARNING', 'INFO'].map((level) => findings.filter((one) => one.level === level).length)
    console.log(`${name}: ${course?.blocks.length} blocks, ${levels.join(' / ')} errors / warnings / notes`)
  })

  test.skipIf(!courses.includes('mitx-grading-library'))('a course known to be clean has no findings', async () => {
    expect((await checkTree(folderTree(`${CORPUS}/mitx-grading-library`))).findings).toEqual([])
  })
})
