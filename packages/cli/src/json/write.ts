/** Writes docs/json.md. */
import { writeFileSync } from 'node:fs'
import { apiSchemas } from './components.ts'
import { jsonPage } from './page.ts'

writeFileSync(new URL('../../../../docs/json.md', import.meta.url), jsonPage(apiSchemas()))
