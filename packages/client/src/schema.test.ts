import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { schemaText } from './schema-text.ts'

test('the types are those of the document', async () => {
  const document = await readFile(new URL('../openapi.json', import.meta.url), 'utf8')
  const kept = await readFile(new URL('schema.ts', import.meta.url), 'utf8')
  expect(
    kept === (await schemaText(document)),
    'Run `npm run generate -w @errand/client` and commit what it writes',
  ).toBe(true)
})
