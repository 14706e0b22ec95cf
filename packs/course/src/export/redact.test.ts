import { expect, test } from 'vitest'
import { memoryTree } from '../olx/folder-tree.ts'
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

test('a file in UTF-16, or of more than 8 MiB, is named as one that was not searched', async () => {
  const utf16 = Buffer.from('<a client_secret="s"/>', 'utf16le').toString('latin1')
  const [files, { notSearched }] = await redact({ 'a.xml': utf16, 'b.xml': `<a>${' '.repeat(8 * 2 ** 20)}</a>` })
  expect(files).toEqual({})
  expect(notSearched).toEqual(['a.xml', 'b.xml'])
})
