import { readFile, writeFile } from 'node:fs/promises'
import { schemaText } from './schema-text.ts'

/** Writes schema.ts from openapi.json; run it with `npm run generate`, which first takes the document from the server. */
const document = new URL('../openapi.json', import.meta.url)
await writeFile(new URL('schema.ts', import.meta.url), await schemaText(await readFile(document, 'utf8')))
