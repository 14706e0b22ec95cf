import openapiTS, { astToString } from 'openapi-typescript'

const HEADER = `/**
 * The types of the HTTP API, made from openapi.json by \`npm run generate\`. Not to be edited.
 */
`

/** The TypeScript types of an OpenAPI document. */
export async function schemaText(document: string): Promise<string> {
  // A member with a default need not be sent.
  const ast = await openapiTS(document, { defaultNonNullable: false, alphabetize: false })
  return HEADER + astToString(ast)
}
