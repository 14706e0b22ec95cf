import { z } from 'zod'
import { TaskFailure } from './failure.ts'
import { notificationTextsSchema, textsProblem } from './notification-texts.ts'

/**
 * A definition as data: all that the server, the web and the CLI ever know of it. A worker registers it;
 * no code of the task is needed to show a form, list the steps or check an input.
 */

/** `course.export`: dot-separated lower-case words. It is part of URLs, storage keys and queue names. */
export const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z][a-z0-9]*(-[a-z0-9]+)*)*$/
/** The name of a step, an upload or an artifact. */
export const PART_NAME = /^[a-z][a-zA-Z0-9]*([-_][a-zA-Z0-9]+)*$/

const partName = z.string().max(64).regex(PART_NAME)
const title = z.string().min(1).max(200)
const seconds = z.number().positive()

export const keepSchema = z.union([
  z.literal('forever'),
  z
    .object({
      days: z.number().positive().optional(),
      until: z.iso.datetime({ offset: true }).optional(),
      scopeEnd: z.literal(true).optional(),
      once: z.literal(true).optional(),
    })
    .strict(),
])

export const stepShapeSchema = z.object({
  name: partName,
  /** `cleanup` steps stand outside the graph: they run after a failure or a cancel. */
  kind: z.enum(['step', 'fan-out', 'on-failure', 'on-cancel']),
  title,
  after: z.array(partName),
  retry: z.object({
    attempts: z.int().min(1).max(100),
    backoff: z.enum(['exponential', 'fixed']),
    delay: seconds,
    maxDelay: seconds,
  }),
  /** An attempt that takes longer is ended and counts as a retryable failure. Seconds. */
  timeout: seconds.optional(),
  /** Whether an alternative path is tried when all attempts have failed. */
  otherwise: z.boolean(),
  /** What its progress counts: "files". */
  unit: z.string().max(40).optional(),
  /** Fan-out only: how many slices are worked at once. */
  concurrency: z.int().min(1).max(1_000).optional(),
  /** Fan-out only: how many items may fail before the step does; below 1 it is a share of all items. */
  tolerate: z.number().min(0).optional(),
})

const startLimit = z.object({
  /** Within any 24 hours. */
  perDay: z.int().min(1).optional(),
  /** At once: tasks that are not over. */
  open: z.int().min(1).optional(),
})

export const shapeSchema = z.object({
  name: z.string().max(100).regex(NAME),
  version: z.int().min(1),
  title,
  description: z.string().max(2_000).optional(),
  /** Older versions whose open tasks this one takes over once nobody serves them any more. */
  resumes: z.array(z.int().min(1)).min(1).max(100).optional(),
  /** When new tasks get this version: on its first registration, or (left out) when somebody promotes it. */
  promote: z.literal('on-register').optional(),
  /** JSON Schema 2020-12 of the input. */
  input: z.record(z.string(), z.unknown()),
  /** `course:{course}`. */
  scope: z.string().max(500).optional(),
  /** At most one open task for each key; `conflict` is what becomes of a second one. */
  unique: z.object({ key: z.string().max(500), conflict: z.enum(['refuse', 'join', 'wait']) }).optional(),
  /** Who may start it, by their role in its scope. Left out: anybody who is signed in. */
  access: z.object({ start: z.enum(['anyone', 'team', 'staff']) }).optional(),
  /** How often it may be started, by one person and for one scope. */
  limits: z.object({ owner: startLimit.optional(), scope: startLimit.optional() }).optional(),
  /** From submit to the end, in seconds. */
  deadline: seconds.optional(),
  uploads: z.record(
    partName,
    z.object({
      title,
      accept: z.array(z.string()).optional(),
      maxSize: z.number().positive().optional(),
      optional: z.boolean(),
    }),
  ),
  artifacts: z.record(
    partName,
    z.object({
      title,
      mediaType: z.string(),
      visibility: z.enum(['owner', 'team', 'staff']),
      keep: keepSchema,
    }),
  ),
  steps: z.array(stepShapeSchema).min(1).max(200),
  /** How its ends read. Words are no part of a version: they may change while it stays the same. */
  notifications: notificationTextsSchema.optional(),
})

export type StepShape = z.infer<typeof stepShapeSchema>
export type DefinitionShape = z.infer<typeof shapeSchema>

/**
 * Checks a shape from outside, such as one that a worker registers.
 *
 * @throws {TaskFailure} `definition-invalid`, naming the definition and what is wrong with it
 */
export function parseShape(data: unknown): DefinitionShape {
  const parsed = shapeSchema.safeParse(data)
  if (!parsed.success) throw invalid(nameOf(data), z.prettifyError(parsed.error))
  const { resumes = [], version } = parsed.data
  const later = resumes.find((other) => other >= version)
  const wrong =
    later === undefined
      ? (graphProblem(parsed.data.steps) ?? textsProblem(parsed.data))
      : `v${version} cannot resume v${later}, which is not older`
  if (wrong) throw invalid(parsed.data.name, wrong)
  return parsed.data
}

function invalid(name: string, detail: string): TaskFailure {
  return new TaskFailure({
    code: 'definition-invalid',
    title: `The definition ${name} is not valid`,
    detail,
    hint: 'Correct the definition and start the worker again.',
  })
}

function nameOf(data: unknown): string {
  const name = typeof data === 'object' && data !== null && 'name' in data ? data.name : undefined
  return typeof name === 'string' ? name : '(no name)'
}

/** What is wrong with the steps as a graph, or `undefined`. */
export function graphProblem(steps: readonly Pick<StepShape, 'name' | 'after'>[]): string | undefined {
  const byName = new Map<string, Pick<StepShape, 'name' | 'after'>>()
  for (const step of steps) {
    if (byName.has(step.name)) return `step "${step.name}" is declared twice`
    byName.set(step.name, step)
  }
  for (const step of steps) {
    for (const before of step.after) {
      if (!byName.has(before)) return `step "${step.name}" comes after "${before}", which does not exist`
    }
  }
  // Kahn's algorithm: what cannot be taken away is on, or behind, a circle.
  const left = new Map(byName)
  for (let taken = true; taken; ) {
    taken = false
    for (const [name, step] of left) {
      if (step.after.some((before) => left.has(before))) continue
      left.delete(name)
      taken = true
    }
  }
  if (left.size > 0) return `steps wait for each other in a circle: ${[...left.keys()].join(', ')}`
  return undefined
}
