import { expect, test } from 'vitest'
import type { CourseTree } from '../tree.ts'
import { CHECKS, checkTree } from './index.ts'
import { edited, spoiled } from './sound-course.ts'

const UNIT = 'vertical/unit.xml'
const POLICY = 'policies/2026/policy.json'
const GRADING = 'policies/2026/grading_policy.json'
const INTRO = '  <html url_name="intro"/>\n'
const quiz = (attributes: string) =>
  edited('problem/quiz.xml', 'display_name="Quiz"', `display_name="Quiz" ${attributes}`)
const block = (xml: string) => edited(UNIT, INTRO, `${INTRO}  ${xml}\n`)
const policy = (from: string, to: string) => edited(POLICY, from, to)
const grading = (value: unknown) => spoiled({ [GRADING]: JSON.stringify(value) })
const html = (text: string) => spoiled({ 'html/intro.html': `<p>\n${text}</p>` })

const INLINE_SETTINGS =
  '<course display_name="C" start="2026-01-01" end="2026-12-31" course_image="cover.png"><chapter url_name="one"/></course>'
const GRADER = [{ type: 'Exam', min_count: 1, drop_count: 0, weight: 1 }]
const LTI = '"advanced_modules": ["lti_consumer", "lti"], "lti_passports": ["tool:key:secret"], "start"'
const consumer = '<lti_consumer url_name="l" display_name="L" lti_id="tool" launch_url="https://tool.example"/>'

/** Each check of policies, settings, names and links: a course that has just that wrong, where, and what is said. */
const ROWS: readonly (readonly [code: keyof typeof CHECKS, tree: CourseTree, at: string, says: RegExp])[] = [
  ['BadPolicyFormat', spoiled({ [POLICY]: '[]', 'course/2026.xml': INLINE_SETTINGS }), `${POLICY}:1`, /not an object/],
  ['BadPolicyFormat', spoiled({ [GRADING]: '7' }), `${GRADING}:1`, /not an object/],
  ['PolicyRefNotFound', policy('{\n', '{\n"html/gone": {},\n'), `${POLICY}:2`, /"html\/gone"/],
  ['WrongObjectType', policy('{\n', '{\n"video/quiz": {},\n'), `${POLICY}:2`, /quiz is a problem/],
  ['UnknownTab', policy('"start"', '"tabs": [{ "type": "tab-of-2013" }],\n"start"'), `${POLICY}:4`, /"tab-of-2013"/],
  ['UnknownTab', policy('"start"', '"tabs": [7],\n"start"'), `${POLICY}:4`, /no type/],
  ['UnknownTab', policy('"start"', '"tabs": {},\n"start"'), `${POLICY}:4`, /not a list/],
  [
    'MissingTab',
    policy('"start"', '"tabs": [{ "type": "static_tab", "name": "Credits", "url_slug": "credits" }],\n"start"'),
    `${POLICY}:4`,
    /"Credits" shows tabs\/credits.html/,
  ],
  ['BadEntry', policy('{\n', '{\n"problem/quiz": 3,\n'), `${POLICY}:2`, /"3"/],
  [
    'SettingOverride',
    edited(POLICY, '{\n', '{\n"problem/quiz": {\n"display_name": "Other"},\n'),
    `${POLICY}:3`,
    /"Other".*"Quiz"/,
  ],
  ['GradingPolicyIssue', grading({ GRADE_CUTOFFS: { Pass: 0.5 } }), `${GRADING}:1`, /GRADER is missing/],
  ['GradingPolicyIssue', grading({ GRADER: 1, GRADE_CUTOFFS: { Pass: 0.5 } }), `${GRADING}:1`, /not a list/],
  [
    'GradingPolicyIssue',
    grading({ GRADER, GRADE_CUTOFFS: { A: 0.5, B: 0.6 } }),
    `${GRADING}:1`,
    /not below that for A/,
  ],
  ['GradingPolicyIssue', grading({ GRADER, GRADE_CUTOFFS: { A: 0.9, C: 0.6 } }), `${GRADING}:1`, /has no B/],
  ['GradingPolicyIssue', grading({ GRADER, GRADE_CUTOFFS: { Pass: 1.5 } }), `${GRADING}:1`, /not from 0 to 1/],
  [
    'GradingPolicyIssue',
    grading({ GRADER, GRADE_CUTOFFS: { Pass: 0.5, A: 0.9 } }),
    `${GRADING}:1`,
    /both Pass and letters/,
  ],
  ['GradingPolicyIssue', grading({ GRADER, GRADE_CUTOFFS: { Good: 0.5 } }), `${GRADING}:1`, /Good/],
  ['GradingPolicyIssue', grading({ GRADER, GRADE_CUTOFFS: { A: 0.5 } }), `${GRADING}:1`, /should be called Pass/],
  ['GradingPolicyIssue', edited(GRADING, '0.6', '0.5'), `${GRADING}:2`, /add up to 0.9/],
  ['GradingPolicyIssue', edited(GRADING, '"drop_count": 1', '"drop_count": 4'), `${GRADING}:2`, /drops 4 of 4/],
  ['GradingPolicyIssue', edited(GRADING, '"min_count": 4', '"min_count": "4"'), `${GRADING}:2`, /min_count/],
  ['GradingPolicyIssue', edited(GRADING, '"drop_count": 1', '"drop_count": -1'), `${GRADING}:2`, /less than 0/],
  ['GradingPolicyIssue', edited(GRADING, '"Exam"', '"Homework"'), `${GRADING}:2`, /type "Homework" of an earlier/],
  ['InvalidSetting', edited('course.xml', 'org="Org"', 'org=""'), 'course/2026.xml:1', /no org/],
  ['InvalidSetting', policy('"start"', '"begin"'), 'course/2026.xml:1', /no start/],
  ['InvalidSetting', policy('"end"', '"stop"'), 'course/2026.xml:1', /no end/],
  ['InvalidSetting', policy('"course_image"', '"picture"'), 'course/2026.xml:1', /no course_image/],
  ['InvalidSetting', quiz('showanswer="hah"'), 'problem/quiz.xml:1', /showanswer "hah"/],
  ['InvalidSetting', quiz('rerandomize="often"'), 'problem/quiz.xml:1', /rerandomize/],
  ['InvalidSetting', quiz('show_correctness="maybe"'), 'problem/quiz.xml:1', /show_correctness/],
  ['InvalidSetting', quiz('max_attempts="0"'), 'problem/quiz.xml:1', /max_attempts "0"/],
  ['InvalidSetting', quiz('weight="-1"'), 'problem/quiz.xml:1', /weight "-1"/],
  ['InvalidSetting', quiz('due="soon"'), 'problem/quiz.xml:1', /due "soon"/],
  ['InvalidSetting', policy('"start"', '"graceperiod": "10 years", "start"'), 'course/2026.xml:1', /graceperiod/],
  ['InvalidSetting', block('<drag-and-drop-v2 url_name="d" data="{oops"/>'), `${UNIT}:3`, /data/],
  ['InvalidSetting', block('<drag-and-drop-v2 url_name="d" data="[]"/>'), `${UNIT}:3`, /not a JSON object/],
  [
    'InvalidSetting',
    block('<openassessment url_name="o" submission_due="2026-06-01"><title/></openassessment>'),
    `${UNIT}:3`,
    /submission_start/,
  ],
  ['InvalidSetting', edited(UNIT, 'discussion_id="talk-1" ', ''), `${UNIT}:4`, /discussion_id/],
  [
    'InvalidSetting',
    edited('sequential/first.xml', 'display_name="First"', 'display_name="First" is_time_limited="true"'),
    'sequential/first.xml:1',
    /enable_timed_exams/,
  ],
  ['DateOrdering', policy('"2026-12-31', '"2025-12-31'), 'course/2026.xml:1', /ends before it starts/],
  ['DateOrdering', quiz('due="Feb 20, 2031, 17:00"'), 'problem/quiz.xml:1', /due after the course ends/],
  ['DateOrdering', quiz('start="2026-06-02" due="2026-06-01"'), 'problem/quiz.xml:1', /due before it starts/],
  ['MissingFile', policy('cover.png', 'lost.png'), 'course/2026.xml:1', /"lost.png"/],
  [
    'MissingFile',
    block('<video url_name="f" display_name="F">\n<transcript language="de" src="lost-de.srt"/></video>'),
    `${UNIT}:4`,
    /transcript "lost-de.srt"/,
  ],
  [
    'MissingFile',
    block('<video url_name="f" display_name="F" transcripts="{&quot;de&quot;: &quot;lost-de.srt&quot;}"/>'),
    `${UNIT}:3`,
    /transcript "lost-de.srt"/,
  ],
  ['MissingFile', block('<video url_name="f" display_name="F" sub="old"/>'), `${UNIT}:3`, /"subs_old.srt.sjson"/],
  [
    'MissingFile',
    block(
      '<video url_name="f" display_name="F" edx_video_id="1-2">\n<video_asset><transcripts><transcript language_code="fr" file_format="srt"/></transcripts></video_asset></video>',
    ),
    `${UNIT}:4`,
    /transcript "1-2-fr.srt"/,
  ],
  [
    'MissingFile',
    policy('"start"', '"pdf_textbooks": [{ "chapters": [{ "url": "/static/lost.pdf" }] }],\n    "start"'),
    `${POLICY}:4`,
    /"\/static\/lost.pdf"/,
  ],
  [
    'MissingFile',
    spoiled({
      'info/updates.items.json': JSON.stringify(
        [
          { id: 1, content: '<img src="/static/deleted.png">', status: 'deleted' },
          { id: 2, content: '<img src="/static/lost.png">', status: 'visible' },
        ],
        null,
        1,
      ),
    }),
    'info/updates.items.json:9',
    /lost.png/,
  ],
  ['MissingFile', html('\n<img src="/static/lost.png">'), 'html/intro.html:3', /"\/static\/lost.png"/],
  ['MissingFile', edited('problem/quiz.xml', '<p>', '<p><img src="/static/lost.png"/>'), 'problem/quiz.xml:2', /lost/],
  [
    'Obsolete',
    edited(
      UNIT,
      /<discussion.*/.exec('<discussion url_name="talk"')?.[0] ?? '',
      '<discussion url_name="d2"/>\n<discussion url_name="talk"',
      {
        'discussion/d2.xml':
          '<discussion display_name="x" discussion_id="2" discussion_category="c" discussion_target="t"/>',
      },
    ),
    `${UNIT}:4`,
    /file of its own/,
  ],
  [
    'Obsolete',
    edited(POLICY, '"start"', LTI, {
      'lti/l.xml': '<lti display_name="L" lti_id="tool" launch_url="https://tool.example"/>',
      [UNIT]:
        '<vertical display_name="U">\n<html url_name="intro"/><problem url_name="quiz"/><lti url_name="l"/></vertical>',
    }),
    'lti/l.xml:1',
    /lti_consumer/,
  ],
  [
    'LTIError',
    edited(POLICY, '"start"', '"advanced_modules": ["lti_consumer"], "start"', {
      [UNIT]: `<vertical display_name="U">\n<html url_name="intro"/><problem url_name="quiz"/>${consumer}</vertical>`,
    }),
    `${UNIT}:2`,
    /passport for "tool"/,
  ],
  [
    'LTIError',
    edited(POLICY, '"start"', '"lti_passports": ["tool:k:s"], "start"', {
      [UNIT]: `<vertical display_name="U">\n<html url_name="intro"/><problem url_name="quiz"/>${consumer}</vertical>`,
    }),
    `${UNIT}:2`,
    /advanced modules/,
  ],
  [
    'MissingDisplayName',
    edited('problem/quiz.xml', ' display_name="Quiz"', ''),
    'problem/quiz.xml:1',
    /quiz has no display_name/,
  ],
  [
    'ExtraDisplayName',
    block(
      '<openassessment url_name="o" display_name="x" submission_start="2026-05-01" submission_due="2026-06-01"><title/></openassessment>',
    ),
    `${UNIT}:3`,
    /not shown/,
  ],
  [
    'DuplicateID',
    block(
      '<discussion url_name="t2" display_name="T" discussion_id="talk-1" discussion_category="c" discussion_target="t"/>',
    ),
    `${UNIT}:5`,
    /"talk-1"/,
  ],
  ['BadJumpToLink', html('\n<a href="/jump_to_id/gone">x</a>'), 'html/intro.html:3', /"\/jump_to_id\/gone"/],
  ['BadCourseLink', html('<a href="/course/courseware/one/second/">x</a>'), 'html/intro.html:2', /leads to no place/],
  [
    'BadCourseLink',
    html('<a href="/courses/course-v1:Org+Sound+2026/jump_to/block-v1:Org+Sound+2026+type@html+block@gone">x</a>'),
    'html/intro.html:2',
    /jump_to/,
  ],
]

test.each(ROWS)('%s is found, with its place and what to do', async (code, tree, at, says) => {
  const { findings } = await checkTree(tree)
  const found = findings.filter((finding) => finding.code === code && says.test(finding.message))
  expect(found.map(({ file = '-', line }) => `${file}:${line}`)).toEqual([at])
  expect(found[0]).toMatchObject({ level: CHECKS[code].level, hint: CHECKS[code].hint })
  // Nothing else is wrong with it.
  expect(findings.filter((finding) => finding !== found[0])).toEqual([])
})

test('what is written in other ways of the same meaning is sound', async () => {
  const trees = [
    quiz('max_attempts="null" due="" showanswer="null" weight="null" rerandomize="false"'),
    quiz('due="Feb 20, 2026, 17:00" start="2026-02-01T00:00:00+02:00"'),
    quiz('start="&quot;2026-02-01T00:00:00Z&quot;"'),
    policy('"start"', '"graceperiod": "1 day 5 hours 59 minutes 59 seconds", "start"'),
    html('<a href="/course/courseware/one/first/unit/2">x</a><a href="/course/discussion/x">y</a>'),
    html('<a href="/courses/course-v1:Other+Course+1/jump_to/anything">x</a><img src="/static/cover.png?v=2#x">'),
    html('<a href="/jump_to_id/unit">x</a><svg><path d="M0"/></svg><br/>'),
    spoiled({ 'html/intro.html': '<ul><li>a<li>b</ul><table><tr><td>c</table><p>d' }),
    block('<poll url_name="p" xblock-family="xblock.v1"/>'),
  ]
  for (const tree of trees) expect((await checkTree(tree)).findings).toEqual([])
})

test('settings that policy and file set alike are one note, not a warning each', async () => {
  const tree = edited(POLICY, '{\n', '{\n"problem/quiz": { "display_name": "Quiz" },\n')
  const { findings } = await checkTree(tree)
  expect(findings).toEqual([expect.objectContaining({ code: 'SettingOverride', level: 'INFO', line: 2 })])
})

test('files are found by their escaped, composed and flattened names', async () => {
  const name = 'static/Über uns/plan (1).pdf'
  const links = ['Über%20uns/plan%20(1).pdf', 'Über_uns_plan__1_.pdf', 'U\u0308ber uns/plan (1).pdf']
  const tree = spoiled({
    [name]: 'x',
    'html/intro.html': links.map((link) => `<a href="/static/${link}">x</a>`).join('\n'),
  })
  expect((await checkTree(tree)).findings).toEqual([])
})

test('every check of policies, settings, names and links has a course that triggers it', () => {
  const here = new Set<string>(ROWS.map(([code]) => code))
  expect(Object.entries(CHECKS).filter(([code, { step }]) => step > 3 && !here.has(code))).toEqual([])
})
