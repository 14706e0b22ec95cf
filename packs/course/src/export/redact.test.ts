import { expect, test } from 'vitest'
import { memoryTree } from '../olx/folder-tree.ts'
import { parseXml } from '../olx/xml.ts'
import { type Redacted, redactSecrets } from './redact.ts'

async function redact(files: Record<string, string>): Promise<[Record<string, string>, Redacted]> {
  const lost = async (path: string, cause: unknown) => expect.unreachable(`${path}: ${String(cause)}`)
  const redacted = await redactSecrets(memoryTree(files), Object.keys(files), lost)
  return [
    Object.fromEntries([...redacted.contents].map(([path, bytes]) => [path, Buffer.from(bytes).toString()])),
    redacted,
  ]
}

test('secrets in the attributes of a tag are taken out, and not a byte else', async () => {
  const xml =
    '<course  lti_passports="[&quot;a:k:s&quot;]" start="x"><!-- ü --><lti secret_note="kept" client_secret=\'s\'/>'
  const [files, { redactions }] = await redact({ 'course/R.xml': xml, 'static/a.xml': '<a client_secret="kept"/>' })
  expect(files).toEqual({
    'course/R.xml':
      '<course  lti_passports="[]" start="x"><!-- ü --><lti secret_note="kept" client_secret=\'REDACTED\'/>',
  })
  expect(redactions).toEqual([
    { file: 'course/R.xml', setting: 'lti_passports' },
    { file: 'course/R.xml', setting: 'client_secret' },
  ])
})

test('secrets in policies are taken out at any depth; what cannot be read is left, and named', async () => {
  const policy = { 'course/R': { lti_passports: ['a:k:s'], pipeline: { course_video_upload_token: 't', on: true } } }
  const [files, { notSearched, redactions }] = await redact({
    'policies/R/policy.json': `\uFEFF${JSON.stringify(policy)}`,
    'policies/broken.json': '{ "api_key": "k", }',
  })
  expect(notSearched).toEqual(['policies/broken.json'])
  expect(JSON.parse(files['policies/R/policy.json'] ?? '')).toEqual({
    'course/R': {
      lti_passports: ['a:REDACTED:REDACTED'],
      pipeline: { course_video_upload_token: 'REDACTED', on: true },
    },
  })
  expect(redactions.map(({ setting }) => setting)).toEqual(['lti_passports', 'course_video_upload_token'])
})

test('settings without a value are no secrets', async () => {
  const [files] = await redact({
    'a.xml': '<a api_key="" lti_passports="[]"/>',
    'policies/a.json': '{"password": null}',
  })
  expect(files).toEqual({})
})

test('secrets that are written as elements are taken out as well', async () => {
  const xml = (secret: string) =>
    `<lti_consumer xmlns:option="http://code.edx.org/xblock/option"><option:client_secret>${secret}</option:client_secret><option:note>kept</option:note></lti_consumer>`
  const [files, { redactions }] = await redact({ 'vertical/v.xml': xml('s3cret'), 'vertical/w.xml': xml(' ') })
  expect(files).toEqual({ 'vertical/v.xml': xml('REDACTED') })
  expect(redactions).toEqual([{ file: 'vertical/v.xml', setting: 'client_secret' }])
})

test('a secret in CDATA is taken out as well', async () => {
  const xml = (value: string) => `<lti_consumer><client_secret>${value}</client_secret></lti_consumer>`
  const [files] = await redact({ 'vertical/v.xml': xml(' <![CDATA[s3<cret]]> ') })
  expect(files).toEqual({ 'vertical/v.xml': xml('REDACTED') })
})

test('a list in CDATA, whose brackets look like its end, is taken out; settings in CDATA and comments are found', async () => {
  const xml = (passports: string, key: string) =>
    `<course xmlns:o="http://code.edx.org/xblock/option"><o:lti_passports a="x>y">${passports}</o:lti_passports><html><![CDATA[<api_key>${key}</api_key>]]></html><!-- <api_key>${key}</api_key> --></course>`
  const [files, { redactions }] = await redact({ 'course/R.xml': xml('<![CDATA[["id:key:S<b>ECRET4"]]]>', 'S5') })
  expect(files).toEqual({ 'course/R.xml': xml('[]', 'REDACTED') })
  expect(redactions.map(({ setting }) => setting)).toEqual(['lti_passports', 'api_key', 'api_key'])
})

test('secrets in JSON that is the value of an attribute or an element are taken out, and it stays JSON', async () => {
  const json = '{"note": "ü & <\\u00fc>", "course_video_upload_token": "SECRET1", "in": {"api_key": "SECRET2"}}'
  const asXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const files = {
    'course/double.xml': `<course a="[not JSON]" pipeline="${asXml(json).replaceAll('"', '&quot;')}" b="[1,2]"/>`,
    'course/single.xml': `<course pipeline='${asXml(json).replaceAll('ü', '&#252;')}'/>`,
    'course/element.xml': `<course xmlns:o="o"><o:pipeline>\n ${asXml(json)}</o:pipeline></course>`,
    'course/cdata.xml': `<course xmlns:o="o"><o:pipeline><![CDATA[${json}]]></o:pipeline></course>`,
  }
  const [without, { redactions }] = await redact(files)
  expect(redactions).toEqual(
    Object.keys(files).flatMap((file) =>
      ['course_video_upload_token', 'api_key'].map((setting) => ({ file, setting })),
    ),
  )
  for (const path of Object.keys(files)) {
    const parsed = parseXml(path, Buffer.from(without[path] ?? ''))
    if (!parsed.ok) throw new Error(`${path}: ${parsed.error.message}`)
    const [child] = parsed.root.children
    expect(JSON.parse(child?.text ?? parsed.root.attributes.get('pipeline') ?? '')).toEqual({
      note: 'ü & <ü>',
      course_video_upload_token: 'REDACTED',
      in: { api_key: 'REDACTED' },
    })
  }
  expect(without['course/double.xml']).toMatch(/^<course a="\[not JSON]" pipeline="\{&quot;note.*" b="\[1,2]"\/>$/)
  const [again] = await redact(without)
  expect(again).toEqual({})
})

test('JSON in a file that is not UTF-8 stays what it was', async () => {
  const latin1 = Buffer.from('<course pipeline=\'{"note": "\u00fc", "api_key": "s"}\'/>', 'latin1')
  const redacted = await redactSecrets(memoryTree({ 'a.xml': latin1 }), ['a.xml'], async () => {})
  expect(Buffer.from(redacted.contents.get('a.xml') ?? '').toString()).toBe(
    '<course pipeline=\'{"note":"\\u00fc","api_key":"REDACTED"}\'/>',
  )
})

test.each([
  ['one word', 'ACGT'.repeat(2 ** 18)],
  ['CDATA that never ends', '<a><![CDATA['.repeat(87_000)],
  ['CDATA within CDATA', `${'<a><![CDATA[['.repeat(80_000)}]]></a>`],
  ['comments that never end', '<a><!--'.repeat(150_000)],
  ['secrets that never end', '<api_key>'.repeat(116_000)],
  ['secrets that end together', `${'<api_key>'.repeat(60_000)}${'</api_key>'.repeat(50_000)}`],
  ['attributes that never end', '<a b="'.repeat(174_000)],
  ['blanks', `<a b="${' '.repeat(2 ** 20)}`],
  ['blanks in a secret', `<a api_key="${' '.repeat(2 ** 20)}x"/>`],
  ['blanks in an element', `<api_key>${' '.repeat(2 ** 20)}x</api_key><b ${' '.repeat(2 ** 20)}`],
  ['brackets', `<a b="${'['.repeat(2 ** 20)}"/>`],
  ['ends', '</a'.repeat(350_000)],
  ['tags of many names', Array.from({ length: 100_000 }, (_, n) => `<x${n}_key>`).join('')],
])('a megabyte of %s is searched as any other text', async (_what, text) => {
  const end = '<x client_secret="s"/>'
  const [files, { redactions, notSearched }] = await redact({ 'problem/long.xml': `<problem>${text}</problem>${end}` })
  expect(notSearched).toEqual([])
  expect(redactions.at(-1)).toBeDefined()
  expect(files['problem/long.xml']).toContain('<x client_secret="REDACTED"/>')
})

test('what cannot be searched to its end is named, and nothing of it is said to be taken out', async () => {
  const deep = `{"api_key": "s", "deep": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`
  const [files, { notSearched, redactions }] = await redact({ 'a.xml': `<a password="p" b='${deep}'/>` })
  expect([files, notSearched, redactions]).toEqual([{}, ['a.xml'], []])
})

test('a file in UTF-16, or of more than 8 MiB, is named as one that was not searched', async () => {
  const utf16 = Buffer.from('<a client_secret="s"/>', 'utf16le').toString('latin1')
  const [files, { notSearched }] = await redact({ 'a.xml': utf16, 'b.xml': `<a>${' '.repeat(8 * 2 ** 20)}</a>` })
  expect(files).toEqual({})
  expect(notSearched).toEqual(['a.xml', 'b.xml'])
})
