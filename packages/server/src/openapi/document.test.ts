import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { offlineDocument, offlineDocumentText } from './offline.ts'

test('the document in the client is the one of these routes', async () => {
  const kept = await readFile(new URL('../../../client/openapi.json', import.meta.url), 'utf8')
  expect(kept === offlineDocumentText(), 'Run `npm run generate -w @errand/client` and commit what it writes').toBe(
    true,
  )
})

test('every route names its problems and wants a token', () => {
  const { paths = {} } = offlineDocument()
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of ['get', 'put', 'post', 'delete'] as const) {
      const operation = methods[method]
      if (!operation) continue
      expect(operation.operationId, `${method} ${path}`).toMatch(/^[a-z][A-Za-z]+$/)
      // Who signs in or out has no token, or no longer one.
      if (path.endsWith('/session')) continue
      expect(operation.security, `${method} ${path}`).toEqual([{ bearer: [] }])
      expect(operation.responses, `${method} ${path}`).toHaveProperty('401')
    }
  }
})
