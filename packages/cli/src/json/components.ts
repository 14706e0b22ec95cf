import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { JsonSchema } from './printed.ts'

const documentSchema = z.object({
  components: z.object({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
})

/** The schemas of the API, of the document that the client is generated from. */
export function apiSchemas(): Record<string, JsonSchema> {
  const text = readFileSync(new URL('../../../client/openapi.json', import.meta.url), 'utf8')
  return documentSchema.parse(JSON.parse(text)).components.schemas
}
