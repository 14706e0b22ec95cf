import fc from 'fast-check'
import { parse } from 'parse5'
import { expect, test } from 'vitest'
import { readCourse } from '../olx/index.ts'
import { Findings } from './finding.ts'
import { nodesOf } from './html.ts'
import {
  checkTree,
  countsOf,
  levelsOf,
  missingOf,
  type ReportInput,
  reportData,
  reportHtml,
  reportJson,
} from './index.ts'
import { SOUND, spoiled } from './sound-course.ts'

/** A report with a text in every place that can come from a course. */
function reportWith(text: string): ReportInput {
  return {
    course: text,
    displayName: text,
    summary: text,
    findings: [{ level: 'ERROR', code: 'InvalidXML', message: text, file: text, line: 1, hint: text }],
    dropped: [{ what: text, why: text }],
    renamed: [{ type: text, from: text, to: text, file: text, line: 2 }],
    missing: [{ what: text, why: text }],
    junk: [text],
    sections: [{ title: text, items: [{ what: text, why: text }] }],
    counts: { [text]: 3 },
  }
}

function elementsOf(html: string): string[] {
  return [...nodesOf(parse(html))].flatMap((node) =>
    'attrs' in node ? [`${node.tagName} ${node.attrs.map((one) => one.name).join(' ')}`] : [],
  )
}

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</style><script>alert(1)</script>',
  '</title><svg onload=alert(1)>',
  '<!-- --!> <b>',
  '&lt;script&gt;',
  'javascript:alert(1)',
  ']]><x>',
  'abc\u202egpj.exe',
  '\0\x1b[31m',
]

test.each(HOSTILE)('text from a course never becomes part of the page: %j', (text) => {
  expect(elementsOf(reportHtml(reportWith(text)))).toEqual(elementsOf(reportHtml(reportWith('plain'))))
})

test('any text is shown as text, and as data comes back as it was', () => {
  const plain = elementsOf(reportHtml(reportWith('plain')))
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
      expect(elementsOf(reportHtml(reportWith(text)))).toEqual(plain)
      expect(JSON.parse(reportJson(reportWith(text)))).toEqual(reportData(reportWith(text)))
    }),
  )
})

test('the page needs nothing else, runs no script, and says its language and its headings', () => {
  const page = reportHtml(reportWith('x'))
  expect(page).toMatch(/^<!DOCTYPE html>\n<html lang="en">/)
  expect(page).toContain('prefers-color-scheme: dark')
  expect(page).toContain("default-src 'none'")
  expect(page).not.toMatch(/<(script|link|img|iframe)|https?:|url\(/i)
  const headings = elementsOf(page).filter((element) => /^h[1-6]/.test(element))
  expect(headings).toEqual(['h1 ', 'h2 id', 'h2 id class', 'h3 ', 'h2 id', 'h2 id', 'h2 id', 'h2 id'])
})

test('a report of a real run has what a person needs: what, where, and what to do', async () => {
  const tree = spoiled({ 'problem/quiz.xml': null, 'html/intro.html': '<img src="/static/lost.png">' })
  const { course, findings } = await checkTree(tree)
  expect(course).toBeDefined()
  if (course === undefined) return
  const input = {
    course: 'course-v1:Org+Sound+2026',
    summary: 'Imported.',
    findings,
    counts: countsOf(course),
    missing: missingOf(findings),
  }
  const data = reportData(input)
  expect(data.levels).toEqual({ ERROR: 1, WARNING: 1, INFO: 0 })
  expect(data.missing.map(({ what }) => what)).toEqual(['vertical/unit.xml:3', 'html/intro.html:1'])
  expect(data.counts).toMatchObject({ blocks: 7, drafts: 0, assets: 1, chapters: 1, problems: 1 })
  const page = reportHtml(input)
  for (const words of ['vertical/unit.xml:3', 'problem/quiz.xml', '/static/lost.png', 'Add the file to static/']) {
    expect(page).toContain(words)
  }
})

test('a report stays bounded: beyond a thousand of one kind, findings are counted', async () => {
  const many = Array.from({ length: 1_500 }, (_, n) => `<html url_name="h${n}"><p/></html>`).join('\n')
  const gone = Array.from({ length: 1_200 }, (_, n) => `<problem url_name="gone${n}"/>`).join('\n')
  const unit = SOUND['vertical/unit.xml']?.replace('</vertical>', `${many}${gone}</vertical>`) ?? ''
  const { findings } = await checkTree(spoiled({ 'vertical/unit.xml': unit }))
  const of = (code: string) => findings.filter((finding) => finding.code === code)
  expect(of('MissingDisplayName')).toHaveLength(1_001)
  expect(of('MissingDisplayName').at(-1)?.message).toBe('500 more like this are not listed.')
  expect(of('FileDoesNotExist')).toHaveLength(1_001)
  expect(of('FileDoesNotExist').at(-1)?.message).toBe('200 more like this are not listed.')
  expect((await readCourse(spoiled({}))).moreProblems.size).toBe(0)
})

test('findings that are not listed count all the same, each by its own level', () => {
  const findings = new Findings()
  for (let n = 0; n < 1_001; n++) findings.add('MissingFile', 'a', n, 'gone')
  for (let n = 0; n < 3; n++) findings.add('MissingFile', 'a', n, 'gone, and that is no harm', 'INFO')
  const listed = findings.list()
  expect(levelsOf(listed)).toEqual({ ERROR: 0, WARNING: 1_001, INFO: 3 })
  expect(listed.slice(1_000).map(({ message }) => message)).toEqual([
    'One more like this is not listed.',
    '3 more like this are not listed.',
  ])
  expect(reportData({ course: 'c', summary: '', findings: listed }).levels.WARNING).toBe(1_001)
})

test('text of a course is cut where it is long, and not within a character', () => {
  const long = `${'\u{1f600}'.repeat(10_000)}`
  const data = reportData(reportWith(long))
  const [renamed] = data.renamed
  for (const text of [data.displayName, renamed?.from, renamed?.to, data.missing[0]?.why, data.dropped[0]?.why]) {
    expect(text).toMatch(/^(\u{1f600}){149}…$/u)
  }
  for (const path of [renamed?.file, data.junk[0], data.dropped[0]?.what]) expect(path).toHaveLength(999)
  const findings = new Findings()
  findings.add('TagMismatch', long, 1, long)
  expect(findings.list()).toMatchObject([{ message: data.displayName, file: data.junk[0] }])
})
