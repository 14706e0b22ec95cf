import { writeFile } from 'node:fs/promises'
import { offlineDocumentText } from './offline.ts'

/** `node write.ts FILE`: writes the OpenAPI document, from which the client's types are made. */
const [, , file] = process.argv
if (file === undefined) {
  console.error('error: no file named. Usage: node write.ts FILE')
  process.exitCode = 64
} else {
  await writeFile(file, offlineDocumentText())
}
