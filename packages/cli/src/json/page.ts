import { type JsonSchema, printed } from './printed.ts'

const REF = '#/components/schemas/'

const HEAD = `# What \`--json\` prints

Each command that takes \`--json\` prints one JSON value to standard output, and nothing else there; progress and notes go to standard
error. \`start\`, \`cancel\` and \`retry\` with \`--wait\`, and \`watch\`, print the task once, at its end. Where a command fails there is no
JSON: standard error has \`error: what. hint\`, and the exit code says of which kind ([../packages/cli/README.md](../packages/cli/README.md)).
\`serve\`, \`server\` and \`worker\` print theirs as one line once they are ready. \`login --out\` prints nothing.

Times are ISO 8601 in UTC, sizes are bytes. Fields may be added; what is here stays. Names below are those of \`components.schemas\` in the
API's OpenAPI document (\`/api/v1/openapi.json\`), for programs that want JSON Schema. A test runs the commands and holds what they print
to this page, which is written by \`node packages/cli/src/json/write.ts\`.
`

/** The page of the handbook: every command, and every kind of thing that is printed. */
export function jsonPage(components: Readonly<Record<string, JsonSchema>>): string {
  const used = new Set(Object.values(printed).flatMap(referencesIn))
  // A Set that grows is walked to its new end.
  for (const name of used) for (const further of referencesIn(components[name])) used.add(further)
  const commands = Object.entries(printed).map(([words, schema]) => `| \`errand ${words}\` | ${typeOf(schema)} |`)
  const sections = [...used].sort().map((name) => `### ${name}\n\n${fields(components[name] ?? {})}`)
  return `${[HEAD, '## By command\n', '| command | prints |', '|---|---|', ...commands].join('\n')}\n\n## What the names mean\n\n${sections.join('\n\n')}\n`
}

function referencesIn(schema: unknown): string[] {
  return [...JSON.stringify(schema ?? {}).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? '')
}

function fields(schema: JsonSchema): string {
  const parts = Array.isArray(schema.allOf) ? schema.allOf.filter(isSchema) : [schema]
  const lines: string[] = []
  for (const part of parts) {
    if (typeof part.$ref === 'string') lines.push(`All of ${typeOf(part)}, and:`, '')
    const rows = propertiesOf(part).map(([name, field, optional]) => {
      const described = typeof field.description === 'string' ? field.description : ''
      return `| \`${name}\`${optional ? ' (may be missing)' : ''} | ${typeOf(field)} | ${described.replaceAll('|', '\\|')} |`
    })
    if (rows.length > 0) lines.push('| field | is | |', '|---|---|---|', ...rows)
  }
  return lines.length === 0 ? typeOf(schema) : lines.join('\n')
}

/** The kind of a value in a few words; objects without a name are spelled out. */
function typeOf(schema: JsonSchema): string {
  const { $ref, additionalProperties, enum: choices, items, type } = schema
  if (typeof $ref === 'string') {
    const name = $ref.slice(REF.length)
    return `[${name}](#${name.toLowerCase()})`
  }
  if ('const' in schema) return `\`${JSON.stringify(schema.const)}\``
  if (Array.isArray(choices)) return choices.map((choice) => `\`${JSON.stringify(choice)}\``).join(', ')
  for (const [key, word] of [
    ['anyOf', ' or '],
    ['oneOf', ' or '],
    ['allOf', ' with '],
  ] as const) {
    const all = schema[key]
    if (Array.isArray(all)) return all.filter(isSchema).map(typeOf).join(word)
  }
  if (isSchema(items)) return `a list of ${typeOf(items)}`
  const properties = propertiesOf(schema)
  if (properties.length > 0) {
    return `{ ${properties.map(([name, field, optional]) => `\`${name}\`${optional ? '?' : ''}: ${typeOf(field)}`).join('; ')} }`
  }
  if (isSchema(additionalProperties) && Object.keys(additionalProperties).length > 0) {
    return `an object of ${typeOf(additionalProperties)}`
  }
  const kinds = Array.isArray(type) ? type : [type ?? 'any value']
  return kinds.map(String).join(' or ')
}

function propertiesOf({ properties, required }: JsonSchema): [string, JsonSchema, optional: boolean][] {
  if (!isSchema(properties)) return []
  const needed: unknown[] = Array.isArray(required) ? required : []
  return Object.entries(properties).map(([name, field]) => [name, isSchema(field) ? field : {}, !needed.includes(name)])
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
