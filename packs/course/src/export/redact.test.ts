import { expect, test } from 'vitest'
import { memoryTree } from '../olx/folder-tree.ts'
import { type Redaction, redactSecrets } from './redact.ts'

async function redact(files: Record<string, string>): Promise<[Record<string, string>, Redaction[]]> {
  const found: Redaction[] = []
  const redacted = await redactSecrets(memoryTree(files), (redaction) => found.push(redaction))
  return [Object.fromEntries([...redacted].map(([path, bytes]) => [path, Buffer.from(bytes).toString()])), found]
}

test('secrets in the attributes of a tag are taken out, and not a byte else', async () => {
  const xml =
    '<course  lti_passports="[&quot;a:k:s&quot;]" start="x"><!-- ü --><lti secret_note="kept" client_secret=\'s\'/>'
  const [files, found] = await redact({ 'course/R.xml': xml, 'static/a.xml': '<a client_secret="kept"/>' })
  expect(files).toEqual({
    'course/R.xml':
      '<course  lti_passports="[]" start="x"><!-- ü --><lti secret_note="kept" client_secret=\'REDACTED\'/>',
  })
  expect(found).toEqual([
    { file: 'course/R.xml', setting: 'lti_passports' },
    { file: 'course/R.xml', setting: 'client_secret' },
  ])
})

test('secrets in policies are taken out at any depth; what cannot be read is left', async () => {
  const policy = { 'course/R': { lti_passports: ['a:k:s'], pipeline: { course_video_upload_token: 't', on: true } } }
  const [files, found] = await redact({ 'policies/R/policy.json': JSON.stringify(policy), 'policies/broken.json': '{' })
  expect(JSON.parse(files['policies/R/policy.json'] ?? '')).toEqual({
    'course/R': {
      lti_passports: ['a:REDACTED:REDACTED'],
      pipeline: { course_video_upload_token: 'REDACTED', on: true },
    },
  })
  expect(found.map(({ setting }) => setting)).toEqual(['lti_passports', 'course_video_upload_token'])
})

test('settings without a value are no secrets', async () => {
  const [files] = await redact({
    'a.xml': '<a api_key="" lti_passports="[]"/>',
    'policies/a.json': '{"password": null}',
  })
  expect(files).toEqual({})
})
