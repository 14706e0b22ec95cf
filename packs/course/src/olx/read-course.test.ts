import { expect, test } from 'vitest'
import { spoiled } from '../checks/sound-course.ts'
import type { Course } from './course.ts'
import { memoryTree } from './folder-tree.ts'
import { pageNamed } from './pages.ts'
import { readCourse } from './read-course.ts'

const POINTER = '<course url_name="run" org="Org" course="C"/>'
const codes = (course: Course) => course.problems.map(({ code }) => code).filter((code) => code !== 'PolicyNotFound')
const keys = (course: Course) => course.blocks.map(({ key }) => key)
const read = (files: Record<string, string>) => readCourse(memoryTree({ 'course.xml': POINTER, ...files }))

test('pointers are followed from file to file, and the tree is kept in order', async () => {
  const course = await readCourse(spoiled({}))
  expect(course).toMatchObject({
    kind: 'course',
    root: 'course.xml',
    org: 'Org',
    course: 'Sound',
    run: '2026',
    displayName: 'A sound course',
    wiki: 'sound',
  })
  expect(course.byKey.get('vertical/unit')).toMatchObject({
    parent: 'sequential/first',
    children: ['html/intro', 'problem/quiz', 'discussion/talk'],
    file: 'vertical/unit.xml',
    pointer: { file: 'sequential/first.xml', line: 2 },
  })
  expect(course.byKey.get('html/intro')).toMatchObject({
    html: 'html/intro.html',
    links: [],
    displayName: 'Introduction',
  })
  expect(course.problems).toEqual([])
  expect(course.unreached).toEqual([])
})

test('the layout of 2013 is read: one file, names instead of url_names, files by filename', async () => {
  const course = await readCourse(
    memoryTree({
      'course.xml': `<course name="Old one" org="Org" course="C" slug="2012">
  <chapter name="Week 1: Start!">
    <videosequence name="Seq"><html name="text" filename="text"/><problem slug="p1" filename="ps/one" points="2"/></videosequence>
    <video youtube="1.0:x"/>
  </chapter></course>`,
      'html/text.html': '<p>x</p>',
      'problem/ps/one.xml': '<problem display_name="One"><p/></problem>',
      'policies/2012.json':
        '{"course/2012": {"display_name": "Policy name"}, "problem/p1": {"display_name": "From policy"}}',
    }),
  )
  expect(course).toMatchObject({ run: '2012', displayName: 'Policy name', policy: { file: 'policies/2012.json' } })
  expect(keys(course)).toEqual([
    'course/2012',
    'chapter/Week_1_Start_',
    'videosequence/Seq',
    'html/text',
    'problem/p1',
    expect.stringMatching(/^video\/video_[0-9a-f]{12}$/),
  ])
  expect(course.byKey.get('html/text')?.html).toBe('html/text.html')
  const problem = course.byKey.get('problem/p1')
  expect(problem).toMatchObject({ displayName: 'From policy', file: 'problem/ps/one.xml', nameSource: 'slug' })
  expect(problem?.attributes.get('points')).toBe('2')
})

test('a colon in a name is a folder, and HTML is found beside its definition by every old spelling', async () => {
  const course = await read({
    'course/run.xml': '<course><chapter url_name="a:b"/></course>',
    'chapter/a/b.xml': '<chapter><html url_name="s:lab"/><html url_name="two"/><html url_name="three"/></chapter>',
    'html/s/lab.xml': '<html filename="lab.html"/>',
    'html/s/lab.html': '<p/>',
    'html/two.xml': '<html filename="two.xml"/>',
    'html/two.html': '<p/>',
    'html/three.html': 'the whole block',
  })
  expect(keys(course)).toEqual(['course/run', 'chapter/a:b', 'html/s:lab', 'html/two', 'html/three'])
  expect(['s:lab', 'two', 'three'].map((name) => course.byKey.get(`html/${name}`)?.html)).toEqual([
    'html/s/lab.html',
    'html/two.html',
    'html/three.html',
  ])
  expect(codes(course)).not.toContain('FileDoesNotExist')
})

test('the policy in the folder of the run wins over the older place, which counts where that is empty', async () => {
  const older = { 'policies/run.json': '{"course/run": {"display_name": "older"}}' }
  const files = { 'course/run.xml': '<course display_name="file"/>', ...older }
  expect((await read(files)).displayName).toBe('older')
  expect((await read({ ...files, 'policies/run/policy.json': '{}' })).displayName).toBe('older')
  expect(
    (await read({ ...files, 'policies/run/policy.json': '{"course/run": {"display_name": "newer"}}' })).displayName,
  ).toBe('newer')
  expect((await read({ 'course/run.xml': '<course display_name="file"/>' })).displayName).toBe('file')
})

test('pages, tabs, tags, textbooks and served files are listed, those for the run before the common ones', async () => {
  const course = await read({
    'course/run.xml': '<course><textbook title="T" book_url="https://b.example"/><wiki slug="w"/></course>',
    'about/overview.html': 'common',
    'about/run/overview.html': 'for the run',
    'about/other_run/overview.html': 'not ours',
    'info/updates.html': 'x',
    'info/updates.items.json': '[]',
    'tabs/extra.html': 'x',
    'custom_tags/book': 'x',
    'tags.csv': 'x',
    'static/images/a b.png': 'xx',
    'static_import/old.pdf': 'xxx',
    'policies/assets.json':
      '{"images_a_b.png": {"displayname": "A b.png", "contentType": "image/png", "locked": true}, "gone.png": {}}',
    'policies/run/policy.json':
      '{"course/run": {"tabs": [{"type": "static_tab", "name": "Extra", "url_slug": "extra"}, {"type": "from_the_future"}, 7]}}',
  })
  expect(pageNamed(course.pages, 'about', 'overview')).toMatchObject({ file: 'about/run/overview.html', forRun: true })
  expect(course.pages.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'about overview',
    'about overview',
    'custom-tag book',
    'info updates',
    'info updates.items.json',
    'tab extra',
  ])
  expect(course.tabs).toEqual([
    { type: 'static_tab', name: 'Extra', slug: 'extra', staffOnly: false },
    { type: 'from_the_future', name: undefined, slug: undefined, staffOnly: false },
  ])
  expect(course.assets).toEqual([
    { path: 'static/images/a b.png', size: 2, displayName: 'A b.png', contentType: 'image/png', locked: true },
    { path: 'static_import/old.pdf', size: 3, displayName: undefined, contentType: undefined, locked: false },
  ])
  expect(course.staleAssetEntries).toEqual(['gone.png'])
  expect(course.textbooks).toEqual([{ title: 'T', url: 'https://b.example', file: 'course/run.xml', line: 1 }])
  expect(course).toMatchObject({ wiki: 'w', tagsFile: 'tags.csv' })
})

test('a library is read, settings in elements included', async () => {
  const course = await readCourse(
    memoryTree({
      'library.xml':
        '<library org="Org" library="L" display_name="Lib" xmlns:o="http://code.edx.org/xblock/option"><o:name none="true"/><o:modules>[1]</o:modules><problem url_name="p"/></library>',
      'problem/p.xml': '<problem display_name="P"><p/></problem>',
    }),
  )
  expect(course).toMatchObject({
    kind: 'library',
    org: 'Org',
    course: 'L',
    run: undefined,
    displayName: 'Lib',
    problems: [],
  })
  expect(keys(course).at(-1)).toBe('problem/p')
  expect(course.blocks[0]?.attributes.get('modules')).toBe('[1]')
  expect(course.blocks[0]?.attributes.get('name')).toBe('null')
})

test('blocks of unknown types are kept, and so are the blocks in them', async () => {
  const course = await read({
    'course/run.xml':
      '<course><chapter url_name="c"><sequential url_name="s"><vertical url_name="v"><carousel url_name="k" xblock-family="xblock.v1"><slide>x</slide><html url_name="h"><p/></html></carousel><gadget url_name="g"/></vertical></sequential></chapter></course>',
    'gadget/g.xml': '<gadget colour="red"/>',
  })
  expect(keys(course).slice(4)).toEqual(['carousel/k', 'html/h', 'gadget/g'])
  expect(course.byKey.get('gadget/g')?.attributes.get('colour')).toBe('red')
  expect(codes(course)).toEqual([])
})

test('a block that two places share is read once and appears in both', async () => {
  const course = await read({
    'course/run.xml':
      '<course><chapter url_name="a"><html url_name="h"/></chapter><chapter url_name="b"><html url_name="h"/></chapter></course>',
    'html/h.xml': '<html><p/></html>',
  })
  expect(course.byKey.get('chapter/a')?.children).toEqual(['html/h'])
  expect(course.byKey.get('chapter/b')?.children).toEqual(['html/h'])
  expect(keys(course)).toEqual(['course/run', 'chapter/a', 'html/h', 'chapter/b'])
  expect(codes(course)).toContain('DuplicateURLName')
})

test('two blocks of one type and name: the second is renamed by its content, the same way each time', async () => {
  const files = {
    'course/run.xml':
      '<course><chapter url_name="x" display_name="1"/><chapter url_name="x" display_name="2"/></course>',
  }
  const course = await read(files)
  const [, , second] = keys(course)
  expect(second).toMatch(/^chapter\/chapter_x_[0-9a-f]{12}$/)
  expect(course.renamed).toEqual([
    { type: 'chapter', from: 'x', to: second?.slice('chapter/'.length), file: 'course/run.xml', line: 1 },
  ])
  expect((await read(files)).renamed).toEqual(course.renamed)
})

test('files that hold each other, by pointer or by filename, end somewhere', async () => {
  const loop = await read({
    'course/run.xml': '<course><vertical url_name="a"/></course>',
    'vertical/a.xml': '<vertical><vertical url_name="b"/></vertical>',
    'vertical/b.xml': '<vertical><vertical url_name="a"/><vertical url_name="b"/></vertical>',
  })
  expect(keys(loop)).toEqual(['course/run', 'vertical/a', 'vertical/b'])
  const byFilename = await read({
    'course/run.xml': '<course><vertical filename="a"/></course>',
    'vertical/a.xml': '<vertical><vertical filename="a"/><vertical filename="a"/></vertical>',
  })
  expect(byFilename.blocks.length).toBeLessThan(6)
  const chain: Record<string, string> = { 'course/run.xml': '<course><vertical url_name="v0"/></course>' }
  for (let n = 0; n < 300; n++) chain[`vertical/v${n}.xml`] = `<vertical><vertical url_name="v${n + 1}"/></vertical>`
  expect(codes(await read(chain))).toContain('TooLarge')
})

test('names never lead out of the course, and are found in either Unicode form', async () => {
  const course = await read({
    'course/run.xml':
      '<course><chapter url_name="..:..:etc"/><chapter url_name="e\u0301te\u0301"/><html filename="../../../secret" display_name="x"/></course>',
    'chapter/\u00e9t\u00e9.xml': '<chapter display_name="Summer"/>',
  })
  expect(course.byKey.get('chapter/e\u0301te\u0301')?.displayName).toBe('Summer')
  expect(codes(course).filter((code) => code === 'FileDoesNotExist')).toHaveLength(2)
})

test('what is broken is said, and the rest is read', async () => {
  const course = await readCourse(
    spoiled({
      'problem/quiz.xml': '<problem><p>',
      'vertical/unit.xml':
        '<vertical display_name="U">\n<problem url_name="quiz"/>\n<html url_name="intro"/></vertical>',
    }),
  )
  expect(course.problems).toEqual([expect.objectContaining({ code: 'InvalidXML', file: 'problem/quiz.xml', line: 1 })])
  expect(course.byKey.get('problem/quiz')).toMatchObject({
    broken: true,
    pointer: { file: 'vertical/unit.xml', line: 2 },
  })
  expect(course.byKey.get('vertical/unit')?.children).toEqual(['problem/quiz', 'html/intro'])
})

test('the only file of a course under another name is taken', async () => {
  const course = await read({ 'course/course.xml': '<course display_name="Other file"/>' })
  expect(course.displayName).toBe('Other file')
  expect(codes(course)).toContain('FileDoesNotExist')
})

test.each([
  [{ 'readme.xml': '<x/>' }, 'course-root-missing', /readme\.xml/],
  [{ 'roots/a.xml': POINTER, 'roots/b.xml': POINTER }, 'course-root-missing', /roots\/a\.xml, roots\/b\.xml/],
  [{ 'course.xml': '<course>\n<chapter></course>' }, 'course-root-unreadable', /course\.xml, line 2/],
  [{ 'course.xml': '' }, 'course-root-unreadable', /course\.xml, line 1.*empty/],
  [{ 'course.xml': '\n<html/>' }, 'course-root-unreadable', /line 2.*<html>/],
  [{}, 'course-root-missing', /0 files/],
])('a course without a readable beginning is refused: %j', async (files: Record<string, string>, code, detail) => {
  const failure = await readCourse(memoryTree(files)).catch((error: unknown) => error)
  expect(failure).toMatchObject({
    name: 'TaskFailure',
    code,
    detail: expect.stringMatching(detail),
    hint: expect.stringMatching(/\.$/),
  })
})

test('a large course is read in work linear in its size: each file once', async () => {
  const reads = async (units: number) => {
    const files: Record<string, string> = { 'course.xml': POINTER }
    const unit = (n: number) =>
      `<vertical display_name="U${n}">${Array.from({ length: 9 }, (_, i) => `<problem url_name="p${n}_${i}"/>`).join('\n')}</vertical>`
    const sections = Math.ceil(units / 50)
    files['course/run.xml'] =
      `<course>${Array.from({ length: sections }, (_, n) => `<chapter url_name="c${n}" display_name="C"><sequential url_name="s${n}"/></chapter>`).join('\n')}</course>`
    for (let n = 0; n < units; n++) {
      files[`vertical/v${n}.xml`] = unit(n)
      for (let i = 0; i < 9; i++) files[`problem/p${n}_${i}.xml`] = `<problem display_name="P"><p>${n}</p></problem>`
    }
    for (let n = 0; n < sections; n++) {
      const own = Array.from({ length: 50 }, (_, i) => n * 50 + i).filter((i) => i < units)
      files[`sequential/s${n}.xml`] =
        `<sequential display_name="S">${own.map((i) => `<vertical url_name="v${i}"/>`).join('\n')}</sequential>`
    }
    const tree = memoryTree(files)
    let count = 0
    const start = performance.now()
    const counting = (path: string) => {
      count += 1
      return tree.read(path)
    }
    const course = await readCourse({ ...tree, read: counting })
    const seconds = ((performance.now() - start) / 1000).toFixed(2)
    console.log(`${course.blocks.length} blocks in ${seconds} s`)
    expect(count).toBe(tree.paths.length)
    return course.blocks.length
  }
  expect(await reads(100)).toBeGreaterThan(1_000)
  expect(await reads(2_500)).toBeGreaterThan(25_000)
})
