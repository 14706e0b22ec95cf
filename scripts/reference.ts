import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { variables } from '../packages/cli/src/config/environment.ts'
import { type ConfigKey, configSchema } from '../packages/cli/src/config/schema.ts'

/**
 * Writes docs/reference.md: the configuration as its schema takes it, and the HTTP API as the OpenAPI document has it.
 *
 *     npm run reference
 */

const root = resolve(import.meta.dirname, '..')
const place = resolve(root, 'docs/reference.md')

const operation = z.object({
  operationId: z.string(),
  summary: z.string(),
  tags: z.tuple([z.string()]),
  requestBody: z.object({ content: z.record(z.string(), z.unknown()) }).optional(),
  responses: z.record(z.string(), z.unknown()),
})
type Operation = z.output<typeof operation>
const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'] as const
const documented = z.object({ paths: z.record(z.string(), z.partialRecord(z.enum(methods), operation)) })

/** A key of the configuration, as JSON Schema says it. */
const keySchema = z.object({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  default: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
})

/** @returns the page; it depends on nothing but what the sources say */
export async function referencePage(): Promise<string> {
  return `# Reference

Made by \`npm run reference\`, from the sources; a test says when it is out of date.

## Configuration

What \`errand.config.ts\` may say, and the variable of the same name. [operate.md](operate.md) explains them.

${configuration()}

## HTTP

Every path begins with \`/api/v1\`. \`GET /api/v1/openapi.json\` is the whole document, with every field.
Errors are problems (RFC 9457) with a \`code\`, what happened and what to do.

${await http()}
`
}

function configuration(): string {
  const { properties } = z
    .object({ properties: z.record(z.string(), z.unknown()) })
    .parse(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }))
  const rows = (Object.keys(variables) as ConfigKey[]).map((key) => {
    const { name, kind } = variables[key]
    const taken = keySchema.parse(properties[key])
    const fallback = taken.default === undefined ? '' : `\`${JSON.stringify(taken.default)}\``
    return [`\`${key}\``, `\`${name}\`${notes[kind]}`, valuesOf(taken), fallback]
  })
  return table(['key', 'variable', 'takes', 'default'], rows)
}

const notes = { text: '', number: '', json: ' (JSON)', list: ' (commas, or JSON)' } as const

function valuesOf({ enum: choices, maximum, minimum, type = 'any' }: z.output<typeof keySchema>): string {
  if (choices !== undefined) return choices.map((choice) => `\`${choice}\``).join(', ')
  const unbounded = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
  const range = minimum === undefined ? '' : unbounded ? `, from ${minimum}` : `, ${minimum} to ${maximum}`
  return `${type}${range}`
}

async function http(): Promise<string> {
  const { paths } = documented.parse(JSON.parse(await readFile(resolve(root, 'packages/client/openapi.json'), 'utf8')))
  const all = Object.entries(paths).flatMap(([path, byMethod]) =>
    methods.flatMap((method) => {
      const found = byMethod[method]
      return found === undefined ? [] : [{ method, path, ...found }]
    }),
  )
  const groups = Map.groupBy(all, ({ tags: [tag] }) => tag)
  return [...groups].map(([tag, operations]) => `### ${tag}\n\n${operationTable(operations)}`).join('\n\n')
}

function operationTable(operations: readonly (Operation & { method: string; path: string })[]): string {
  const rows = operations.map(({ method, operationId, path, requestBody, responses, summary }) => [
    `\`${method.toUpperCase()} ${path.replace('/api/v1', '')}\``,
    summary,
    Object.keys(requestBody?.content ?? {}).join(', '),
    Object.keys(responses).join(' '),
    `\`${operationId}\``,
  ])
  return table(['request', 'does', 'takes', 'answers', 'name'], rows)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

if (import.meta.main) await writeFile(place, await referencePage())
