import { z } from 'zod'

/** A JSON Schema (2020-12) whose references are those of the API's OpenAPI document. */
export type JsonSchema = Readonly<Record<string, unknown>>

const named = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items })
const own = (schema: z.ZodType): JsonSchema => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'output' })
  return rest
}
const namedWith = (name: string, more: z.ZodType): JsonSchema => ({ allOf: [named(name), own(more)] })

const task = named('Task')
const service = own(
  z.strictObject({
    address: z.string().nullable().describe('null for a worker'),
    data: z.string().describe('The data folder'),
    serves: z.array(z.string()).describe('NAME@VERSION'),
    pid: z.int(),
    signIn: z.string().nullable().describe('Signs the administrator in, once'),
  }),
)

/** What each command prints with `--json`, by its words. Commands that are not here have no `--json`. */
export const printed: Readonly<Record<string, JsonSchema>> = {
  serve: service,
  server: service,
  worker: service,
  start: task,
  list: listOf(named('TaskSummary')),
  show: task,
  watch: task,
  cancel: task,
  retry: task,
  delete: own(z.strictObject({ id: z.string(), deleted: z.literal(true) })),
  pause: task,
  resume: task,
  concurrency: task,
  artifacts: listOf(named('Artifact')),
  'artifacts rm': named('Artifact'),
  'artifacts extend': named('Artifact'),
  'artifacts log': listOf(named('Access')),
  download: namedWith('Artifact', z.looseObject({ path: z.string().describe('Where it lies now') })),
  definitions: listOf(named('Definition')),
  'definitions promote': named('Definition'),
  'definitions retire': named('Definition'),
  workers: listOf(named('Worker')),
  'schedules list': listOf(named('Schedule')),
  'schedules add': named('Schedule'),
  'schedules pause': named('Schedule'),
  'schedules resume': named('Schedule'),
  'schedules remove': own(z.strictObject({ name: z.string(), removed: z.literal(true) })),
  new: own(z.strictObject({ name: z.string(), folder: z.string(), files: z.array(z.string()) })),
  login: {
    anyOf: [
      namedWith(
        'Principal',
        z.looseObject({ server: z.string(), file: z.string().describe('Where the token is kept') }),
      ),
      own(z.strictObject({ link: z.string().describe('With --link: signs in, once') })),
    ],
  },
  'tokens create': named('NewToken'),
  'tokens list': listOf(named('Token')),
  'tokens revoke': own(z.strictObject({ id: z.string(), revoked: z.literal(true) })),
  doctor: own(
    z.array(
      z.strictObject({
        check: z.string(),
        ok: z.boolean(),
        detail: z.string().describe('What was found'),
        hint: z.string().optional().describe('What to do, where something is wrong'),
      }),
    ),
  ),
  'db migrate': own(z.strictObject({ database: z.enum(['pglite', 'postgres']), migrated: z.literal(true) })),
  'storage check': own(
    z.array(
      z.strictObject({
        storage: z.string(),
        scheme: z.string(),
        works: z.boolean(),
        checks: z.array(
          z.strictObject({
            what: z.string(),
            outcome: z.enum(['ok', 'failed', 'unsupported']),
            detail: z.string().optional().describe('Why, where it is not ok'),
            took: z.number().describe('Milliseconds'),
          }),
        ),
      }),
    ),
  ),
  'storage usage': listOf(named('ScopeUsage')),
  'retention preview': named('RetentionPreview'),
  'retention run': named('RetentionDone'),
}
