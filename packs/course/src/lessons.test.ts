import { expect, test } from 'vitest'
import { courseExport } from './export/course-export.ts'
import { courseImport } from './import/course-import.ts'
import { filesIn, type TestMember, tarGzOf, temporaryStore } from './test-support/archives.ts'
import { runTask, uploadOf } from './test-support/run-task.ts'

/**
 * What people who import and export courses complained of elsewhere, and what is promised here: whatever is odd in a
 * course, the import does not fail for it, all of it comes back, and the report tells of it.
 */

const course = 'course-v1:A+B+C'
const unit = (inside: string): TestMember => [
  'course/course.xml',
  `<course url_name="R" org="O" course="C" display_name="X"><chapter url_name="c" display_name="C"><sequential url_name="s" display_name="S"><vertical url_name="v" display_name="V">${inside}</vertical></sequential></chapter></course>`,
]

interface Lesson {
  promise: string
  files: TestMember[]
  /** What the report has to tell. */
  tells?: RegExp
}

const LESSONS: Lesson[] = [
  {
    promise: 'a missing transcript stops nothing, and is reported (18)',
    files: [
      unit(
        '<video url_name="f" display_name="F" edx_video_id="1-2"><transcript language="fr" src="gone-fr.srt"/></video>',
      ),
    ],
    tells: /gone-fr\.srt/,
  },
  {
    promise: 'accents in the names of files survive, however they are written (19)',
    files: [unit(''), ['course/static/Übung n\u0303 été.pdf', 'x'], ['course/static/日本語 (1).txt', 'y']],
  },
  {
    promise: 'two files with one display name do not overwrite each other (20)',
    files: [
      unit(''),
      ['course/static/a/logo.png', '1'],
      ['course/static/b/logo.png', '2'],
      [
        'course/policies/assets.json',
        '{"a_logo.png": {"displayname": "logo.png"}, "b_logo.png": {"displayname": "logo.png"}}',
      ],
    ],
  },
  {
    promise: 'prerequisites of a unit survive (22)',
    files: [
      unit(''),
      [
        'course/sequential/q.xml',
        '<sequential is_prerequisite="true" required_prereq="block-v1:O+C+R+type@sequential+block@s" required_content="x" min_score="70" min_completion="50"/>',
      ],
    ],
  },
  {
    promise: 'a tab of a kind of another release does not hang the import (23)',
    files: [
      unit(''),
      [
        'course/policies/R/policy.json',
        '{"course/R": {"tabs": [{"type": "tab-of-2013", "name": "?"}, "not even an object"]}}',
      ],
    ],
    tells: /tab-of-2013.*not even an object/,
  },
  {
    promise: 'a block of a type nobody here knows survives, inline and in a file of its own (25)',
    files: [
      unit('<holodeck url_name="x" odd="&lt;1&gt;"><deep><er/></deep></holodeck><holodeck url_name="y"/>'),
      ['course/holodeck/y.xml', '<holodeck>\n  <!-- kept --><safety off="true"/>\n</holodeck>'],
    ],
    tells: /"UnknownBlock","message":"[^"]*of the type \\"holodeck\\", and so are 1 more/,
  },
  {
    promise: 'a block that cannot be parsed is kept, and named (26)',
    files: [
      unit('<problem url_name="p"/>'),
      ['course/problem/p.xml', '<problem display_name="n/a"><p>unclosed</problem>'],
    ],
    tells: /problem\/p\.xml/,
  },
  {
    promise: 'drafts and what is published come back exactly as they were, never swapped (28, 29)',
    files: [
      unit(''),
      ['course/vertical/v2.xml', '<vertical display_name="published"/>'],
      [
        'course/drafts/vertical/v2.xml',
        '<vertical display_name="draft" parent_url="i4x://O/C/sequential/s" index_in_children_list="1"/>',
      ],
      [
        'course/drafts/vertical/never.xml',
        '<vertical display_name="never published" parent_url="block-v1:O+C+R+type@sequential+block@s" index_in_children_list="0"/>',
      ],
    ],
  },
  {
    promise: 'a library that is not here leaves the questions drawn from it as they are (32)',
    files: [
      unit(
        '<library_content url_name="l" display_name="L" source_library_id="library-v1:No+Where" source_library_version="0" max_count="2"><problem url_name="p1" display_name="P"><p>?</p></problem></library_content>',
      ),
    ],
  },
  {
    promise: 'a block of a third party that makes no sense here stops no export, and is named (21)',
    files: [
      unit('<flow-control url_name="f"/><flow-control url_name="gone"/>'),
      ['course/flow-control/f.xml', '<flow-control action="&undefined;">'],
    ],
    tells: /flow-control\/f\.xml/,
  },
  {
    promise: 'settings are checked on import as they are elsewhere (24)',
    files: [unit('<problem url_name="p" display_name="P" max_attempts="0" showanswer="hah"><p>?</p></problem>')],
    tells: /max_attempts.*showanswer|showanswer.*max_attempts/,
  },
  {
    promise: 'files that a block has in the archive come back, wherever they lie (27)',
    files: [
      unit('<scorm url_name="s" display_name="S"/>'),
      ['course/scorm/s/package.zip', Buffer.from([0x50, 0x4b, 5, 6, ...Array(18).fill(0)])],
      ['course/anywhere/deep/er/data.bin', Buffer.from([0, 255, 1])],
    ],
  },
  {
    promise: 'values that would break a page are named (37)',
    files: [
      unit('<html url_name="h" display_name="H" start="soon"><p>x</p></html>'),
      ['course/policies/R/policy.json', '{"course/R": {"start": "2026-01-01T00:00:00Z", "graceperiod": "10 years"}}'],
    ],
    tells: /graceperiod/,
  },
  {
    promise: 'binary where text is expected is kept, and the file is named (51)',
    files: [unit('<problem url_name="b"/>'), ['course/problem/b.xml', Buffer.from([0, 5, 22, 7, 0, 255, 254, 3])]],
    tells: /problem\/b\.xml/,
  },
]

test.each(LESSONS)('$promise', async ({ files, tells }) => {
  const store = await temporaryStore()
  const archive = uploadOf('c.tar.gz', await tarGzOf(files))
  const imported = await runTask(courseImport, { store, input: { course }, uploads: { archive } })
  const { artifacts } = await runTask(courseExport, { store, input: { course } })
  const back = await filesIn(artifacts.archive?.content ?? Buffer.alloc(0))
  expect([...back.keys()]).toEqual(files.map(([path]) => String(path)).sort())
  for (const [path, content] of files) {
    expect(back.get(String(path))?.equals(Buffer.from(content ?? '')), String(path)).toBe(true)
  }
  if (tells) {
    const { findings } = JSON.parse(imported.artifacts.report?.content.toString() ?? '')
    expect(JSON.stringify(findings)).toMatch(tells)
  }
})
