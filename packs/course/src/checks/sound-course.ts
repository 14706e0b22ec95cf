import { memoryTree } from '../olx/folder-tree.ts'
import type { CourseTree } from '../tree.ts'

/** A small course, in the layout of an export, with nothing wrong in it. For tests, which each spoil one thing. */
export const SOUND: Readonly<Record<string, string>> = {
  'course.xml': '<course url_name="2026" org="Org" course="Sound"/>\n',
  'course/2026.xml': '<course>\n  <chapter url_name="one"/>\n  <wiki slug="sound"/>\n</course>\n',
  'chapter/one.xml': '<chapter display_name="One">\n  <sequential url_name="first"/>\n</chapter>\n',
  'sequential/first.xml': '<sequential display_name="First">\n  <vertical url_name="unit"/>\n</sequential>\n',
  'vertical/unit.xml': `<vertical display_name="Unit">
  <html url_name="intro"/>
  <problem url_name="quiz"/>
  <discussion url_name="talk" display_name="Talk" discussion_id="talk-1" discussion_category="Week 1" discussion_target="Talk"/>
</vertical>
`,
  'html/intro.xml': '<html filename="intro" display_name="Introduction"/>\n',
  'html/intro.html': '<p>See the <a href="/jump_to_id/quiz">quiz</a> and <img src="/static/cover.png" alt=""></p>\n',
  'problem/quiz.xml': '<problem display_name="Quiz">\n  <p>What is 6 × 7?</p>\n</problem>\n',
  'static/cover.png': 'not really',
  'policies/2026/policy.json': `{
  "course/2026": {
    "display_name": "A sound course",
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-12-31T00:00:00Z",
    "course_image": "cover.png"
  }
}
`,
  'policies/2026/grading_policy.json': `{
  "GRADER": [
    { "type": "Homework", "short_label": "HW", "min_count": 4, "drop_count": 1, "weight": 0.4 },
    { "type": "Exam", "min_count": 1, "drop_count": 0, "weight": 0.6 }
  ],
  "GRADE_CUTOFFS": { "Pass": 0.5 }
}
`,
}

/** The sound course with some files replaced or added, or left out where the content is `null`. */
export function spoiled(changes: Readonly<Record<string, string | Uint8Array | null>>): CourseTree {
  const files: Record<string, string | Uint8Array> = { ...SOUND }
  for (const [path, content] of Object.entries(changes)) {
    if (content === null) delete files[path]
    else files[path] = content
  }
  return memoryTree(files)
}

/** The sound course with one text replaced in one of its files. */
export function edited(
  path: string,
  from: string,
  to: string,
  more: Readonly<Record<string, string | null>> = {},
): CourseTree {
  const content = SOUND[path]
  if (content?.includes(from) !== true) throw new Error(`${path} does not have ${from}`)
  return spoiled({ [path]: content.replace(from, to), ...more })
}
