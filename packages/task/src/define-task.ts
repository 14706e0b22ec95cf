import { z } from 'zod'
import { type ArtifactOptions, DEFAULT_KEEP, type UploadOptions } from './artifact.ts'
import type { Handler, StepContext } from './context.ts'
import { type Duration, toSeconds } from './duration.ts'
import type { Failure } from './failure.ts'
import {
  DEFAULT_FAN_OUT_CONCURRENCY,
  defaultKey,
  ERRORS_SLOT,
  type FanOutCode,
  type FanOutOptions,
  type FanOutResult,
} from './fan-out.ts'
import type { NotificationTexts } from './notification-texts.ts'
import { type RetryOptions, retryPolicy } from './retry.ts'
import { type DefinitionShape, graphProblem, NAME, PART_NAME, type StepShape } from './shape.ts'
import { type TextOf, traceTemplate } from './template.ts'
import { type Migrate, resumedVersions, type UpgradeOptions } from './upgrade.ts'

/** Thrown while a definition is being written; the message begins with the definition's name. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError'
  readonly code = 'definition-invalid'
}

/** What an author says about a task as a whole. */
export interface TaskOptions<Schema extends z.ZodObject, Uploads extends string, Artifacts extends string>
  extends UpgradeOptions {
  /** Lower-case words, dot-separated: `course.export`. */
  name: string
  /** A whole number from 1. A version never changes once it has been registered: raise it instead. */
  version: number
  /** In the user's words: "Export a course". */
  title: string
  /** A sentence or two on the start page. */
  description?: string
  input: Schema
  /** What the task is about: `({ course }) => \`course:${course}\``. Roles are held in a scope. */
  scope?: TextOf<z.output<Schema>>
  /**
   * At most one open task for each such key. A second one is refused (the default), joins the first, or waits until the
   * first is over; whoever submits may choose otherwise.
   */
  unique?: TextOf<z.output<Schema>> | { key: TextOf<z.output<Schema>>; conflict?: 'refuse' | 'join' | 'wait' }
  /**
   * Who may start it: anybody who is signed in (the default), the team of its scope, or the staff of its scope. Asked
   * again when each step begins.
   */
  access?: { start: 'anyone' | 'team' | 'staff' }
  /**
   * How often it may be started, by one person or for one scope.
   *
   * @example
   * ```ts
   * limits: { owner: { perDay: 10, open: 2 }, scope: { open: 1 } }
   * ```
   */
  limits?: NonNullable<DefinitionShape['limits']>
  /** From submit to the end; a task that takes longer fails. Default: none. */
  deadline?: Duration
  uploads?: Record<Uploads, UploadOptions>
  artifacts?: Record<Artifacts, ArtifactOptions<z.output<Schema>>>
  /** How its ends read in inbox, mail and webhook, by language. They may change while the version stays the same. */
  notifications?: NotificationTexts
}

/** What an author says about a step. */
export interface StepOptions<After extends readonly string[], Context> {
  /** In the user's words: "Write the archive". Default: the step's name. */
  title?: string
  /** Steps that must have completed. Without any it starts at once. Steps that wait for nothing run side by side. */
  after?: After
  retry?: RetryOptions
  /** An attempt that takes longer is ended, and tried again as the retry policy says. Default: none. */
  timeout?: Duration
  /** What progress counts: "files". */
  unit?: string
  /** The alternative path, when every attempt has failed. What it returns is the step's result. */
  otherwise?: (failure: Failure, context: Context) => unknown
}

/** One step's code, as a worker's thread finds it. */
export interface StepCode {
  run: (context: StepContext) => unknown
  otherwise?: (failure: Failure, context: StepContext) => unknown
  /** Of a step that fans out, whose `run` is never called. */
  fanOut?: FanOutCode
}

const BRAND = Symbol.for('errand.definition')

/** A definition: its shape, and the code behind each step. */
export interface TaskDefinition {
  readonly [BRAND]: true
  readonly shape: DefinitionShape
  readonly input: z.ZodObject
  /** The name a slot's file is downloaded under. */
  readonly filenames: Readonly<Record<string, (input: unknown) => string>>
  readonly code: Readonly<Record<string, StepCode>>
  readonly migrate?: Migrate
}

/** True for a definition, also for one made by another copy of this package. */
export function isDefinition(value: unknown): value is TaskDefinition {
  return typeof value === 'object' && value !== null && BRAND in value
}

type ResultsOf<Results, After extends readonly string[]> = {
  readonly [Name in After[number] & keyof Results]: Results[Name]
}

type ContextOf<
  Input,
  Results,
  After extends readonly string[],
  Uploads extends string,
  Artifacts extends string,
> = StepContext<Input, ResultsOf<Results, After>, Uploads, Artifacts>

/** A definition that can still be given steps. Each call returns a new one. */
export class TaskBuilder<
  Input,
  Uploads extends string,
  Artifacts extends string,
  Results extends Record<string, unknown>,
> implements TaskDefinition
{
  readonly [BRAND] = true as const
  readonly shape: DefinitionShape
  readonly input: z.ZodObject
  readonly filenames: TaskDefinition['filenames']
  readonly code: TaskDefinition['code']
  readonly migrate?: Migrate

  constructor(definition: Omit<TaskDefinition, typeof BRAND>) {
    this.shape = definition.shape
    this.input = definition.input
    this.filenames = definition.filenames
    this.code = definition.code
    if (definition.migrate !== undefined) this.migrate = definition.migrate
  }

  /**
   * Adds a step. Its result is typed for the steps that name it in `after`.
   *
   * @throws {DefinitionError} for a name that is taken or is not one, and for an `after` that names no earlier step
   */
  step<Name extends string, Result, const After extends readonly (keyof Results & string)[] = []>(
    name: Name,
    options: StepOptions<After, ContextOf<Input, Results, After, Uploads, Artifacts>>,
    handler: Handler<ContextOf<Input, Results, After, Uploads, Artifacts>, Result>,
  ): TaskBuilder<Input, Uploads, Artifacts, Results & { [Key in Name]: Result }> {
    return this.#with(name, 'step', options, handler)
  }

  /**
   * Adds a step that does something for each of many items, in slices that run side by side and survive whatever
   * happens to their workers: each item's outcome is counted once, and what it appends to an output is there once.
   *
   * @throws {DefinitionError} as `step` does, and for a number that is out of range
   * @example
   * ```ts
   * .fanOut('grade', {
   *   title: 'Grade every learner', after: ['roster'],
   *   items: ({ input, cursor }) => learnersAfter(input.course, cursor),
   *   each: async (learner, { append }) => append('report', csvRow([learner.name, await gradeOf(learner)])),
   *   tolerate: { failures: 0.01 },
   *   header: { report: csvRow(['name', 'grade']) },
   * })
   * ```
   */
  fanOut<Name extends string, Item, const After extends readonly (keyof Results & string)[] = []>(
    name: Name,
    options: FanOutOptions<Item, Input, ResultsOf<Results, After>, After, Uploads, Artifacts>,
  ): TaskBuilder<Input, Uploads, Artifacts, Results & { [Key in Name]: FanOutResult }> {
    const refuse = refusal(this.shape.name)
    const { concurrency = DEFAULT_FAN_OUT_CONCURRENCY, tolerate, each, items, key, header, footer } = options
    if (typeof items !== 'function') refuse(`step "${name}" has no items`)
    if (typeof each !== 'function') refuse(`step "${name}" has no each`)
    if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 1_000)
      refuse(`step "${name}": concurrency must be a whole number from 1 to 1000, got ${concurrency}`)
    const failures = tolerate?.failures ?? 0
    if (!(failures >= 0) || (failures > 1 && !Number.isInteger(failures)))
      refuse(`step "${name}": tolerate.failures must be a share below 1 or a whole number, got ${failures}`)
    for (const slot of [...Object.keys(header ?? {}), ...Object.keys(footer ?? {})]) {
      if (!Object.hasOwn(this.shape.artifacts, slot)) refuse(`step "${name}": there is no artifact "${slot}"`)
    }
    // The author's own types hold for this very definition, as in `step`.
    const fanOut = {
      items,
      each,
      key: key ?? defaultKey,
      header: header ?? {},
      footer: footer ?? {},
    } as unknown as FanOutCode
    const { after, retry, title, unit = 'items' } = options
    const plain: StepOptions<After, never> = {
      ...(title === undefined ? {} : { title }),
      ...(after === undefined ? {} : { after }),
      ...(retry === undefined ? {} : { retry }),
      unit,
    }
    return this.#with(name, 'fan-out', plain, neverCalled, { fanOut, concurrency, tolerate: failures })
  }

  /** Runs when the task has failed, shown as a step; to undo what it left outside. */
  onFailure(
    options: Omit<StepOptions<[], never>, 'after' | 'otherwise'>,
    handler: Handler<ContextOf<Input, Partial<Results>, (keyof Results & string)[], Uploads, Artifacts>, unknown>,
  ): TaskBuilder<Input, Uploads, Artifacts, Results> {
    return this.#with('on-failure', 'on-failure', options, handler)
  }

  /** Runs when the task is being canceled, shown as a step; to undo what it left outside. */
  onCancel(
    options: Omit<StepOptions<[], never>, 'after' | 'otherwise'>,
    handler: Handler<ContextOf<Input, Partial<Results>, (keyof Results & string)[], Uploads, Artifacts>, unknown>,
  ): TaskBuilder<Input, Uploads, Artifacts, Results> {
    return this.#with('on-cancel', 'on-cancel', options, handler)
  }

  #with<NewResults extends Record<string, unknown>, Context>(
    name: string,
    kind: StepShape['kind'],
    options: StepOptions<readonly string[], never>,
    handler: Handler<Context, unknown>,
    fanning?: { fanOut: FanOutCode; concurrency: number; tolerate: number },
  ): TaskBuilder<Input, Uploads, Artifacts, NewResults> {
    const refuse = refusal(this.shape.name)
    if (!PART_NAME.test(name))
      refuse(`"${name}" is not a step name: begin with a-z, go on with letters, digits, - or _`)
    if (typeof handler !== 'function') refuse(`step "${name}" has no handler`)
    const step: StepShape = {
      name,
      kind,
      title: options.title ?? name,
      after: [...(options.after ?? [])],
      retry: attempt(refuse, `step "${name}": `, () => retryPolicy(options.retry)),
      ...(options.timeout === undefined
        ? {}
        : { timeout: attempt(refuse, `step "${name}": timeout: `, () => toSeconds(options.timeout as Duration)) }),
      otherwise: options.otherwise !== undefined,
      ...(options.unit === undefined ? {} : { unit: options.unit }),
      ...(fanning === undefined ? {} : { concurrency: fanning.concurrency, tolerate: fanning.tolerate }),
    }
    const steps = [...this.shape.steps, step]
    const wrong = graphProblem(steps)
    if (wrong) refuse(wrong)
    // The handler's own context type is the author's; at run time every handler is given a StepContext of
    // this very definition, which is what the types of `step` promised.
    const code: StepCode = {
      run: handler as StepCode['run'],
      ...(options.otherwise === undefined
        ? {}
        : { otherwise: options.otherwise as NonNullable<StepCode['otherwise']> }),
      ...(fanning === undefined ? {} : { fanOut: fanning.fanOut }),
    }
    // Which items failed is an output of its own, whatever the author thought of.
    const lists = fanning !== undefined && !Object.hasOwn(this.shape.artifacts, ERRORS_SLOT)
    return new TaskBuilder({
      shape: lists
        ? { ...this.shape, artifacts: { ...this.shape.artifacts, [ERRORS_SLOT]: ERRORS_ARTIFACT }, steps }
        : { ...this.shape, steps },
      input: this.input,
      filenames: lists ? { ...this.filenames, [ERRORS_SLOT]: () => 'errors.csv' } : this.filenames,
      code: { ...this.code, [name]: code },
      ...(this.migrate === undefined ? {} : { migrate: this.migrate }),
    })
  }
}

const ERRORS_ARTIFACT: DefinitionShape['artifacts'][string] = {
  title: 'What failed',
  mediaType: 'text/csv',
  visibility: 'owner',
  keep: DEFAULT_KEEP,
}

function neverCalled(): never {
  throw new Error('A step that fans out has no code of its own.')
}

/**
 * Begins a definition; give it steps with `.step()`.
 *
 * @throws {DefinitionError} for a name or version that is not one, an input that JSON Schema cannot say, or a
 *   `scope` or `unique` that does more than put fields into a text
 * @example
 * ```ts
 * export const hello = defineTask({
 *   name: 'hello', version: 1, title: 'Say hello',
 *   input: z.object({ who: z.string() }),
 * }).step('greet', { title: 'Greet' }, ({ input }) => `Hello ${input.who}`)
 * ```
 */
export function defineTask<
  Schema extends z.ZodObject,
  Uploads extends string = never,
  Artifacts extends string = never,
>(
  options: TaskOptions<Schema, Uploads, Artifacts>,
): TaskBuilder<z.output<Schema>, Uploads, Artifacts, Record<never, never>> {
  const refuse = refusal(typeof options.name === 'string' ? options.name : String(options.name))
  if (typeof options.name !== 'string' || !NAME.test(options.name) || options.name.length > 100) {
    refuse('is not a name: lower-case words of a-z, 0-9 and -, separated by dots, at most 100 characters')
  }
  if (!Number.isInteger(options.version) || options.version < 1) {
    refuse(`version must be a whole number from 1, got ${options.version}`)
  }
  if (!options.title) refuse('needs a title')
  const resumes = resumedVersions(refuse, options)
  const fields = Object.keys(options.input.shape)
  const unique = options.unique === undefined ? undefined : uniqueOf(options.unique)
  const filenames: Record<string, (input: unknown) => string> = {}
  for (const [slot, { filename }] of Object.entries<ArtifactOptions<z.output<Schema>>>(options.artifacts ?? {})) {
    filenames[slot] =
      typeof filename === 'function' ? (input) => filename(input as z.output<Schema>) : () => filename ?? slot
  }
  for (const part of [...Object.keys(options.uploads ?? {}), ...Object.keys(options.artifacts ?? {})]) {
    if (!PART_NAME.test(part)) refuse(`"${part}" is not a name for an upload or artifact`)
  }
  return new TaskBuilder({
    input: options.input,
    filenames,
    code: {},
    ...(options.migrate === undefined ? {} : { migrate: options.migrate }),
    shape: {
      name: options.name,
      version: options.version,
      ...(resumes === undefined ? {} : { resumes }),
      ...(options.promote === undefined ? {} : { promote: options.promote }),
      title: options.title,
      ...(options.description === undefined ? {} : { description: options.description }),
      input: attempt(refuse, 'input: ', () => inputSchema(options.input)),
      ...(options.scope === undefined
        ? {}
        : { scope: attempt(refuse, 'scope: ', () => traceTemplate(options.scope as TextOf<unknown>, fields)) }),
      ...(unique === undefined
        ? {}
        : {
            unique: {
              key: attempt(refuse, 'unique: ', () => traceTemplate(unique.key, fields)),
              conflict: unique.conflict ?? 'refuse',
            },
          }),
      ...(options.access === undefined ? {} : { access: options.access }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      ...(options.deadline === undefined
        ? {}
        : { deadline: attempt(refuse, 'deadline: ', () => toSeconds(options.deadline as Duration)) }),
      uploads: mapValues(options.uploads ?? {}, (upload, name) => ({
        title: upload.title ?? name,
        ...(upload.accept === undefined ? {} : { accept: upload.accept }),
        ...(upload.maxSize === undefined ? {} : { maxSize: upload.maxSize }),
        optional: upload.optional ?? false,
      })),
      artifacts: mapValues(options.artifacts ?? {}, (artifact, name) => ({
        title: artifact.title ?? name,
        mediaType: artifact.mediaType ?? 'application/octet-stream',
        visibility: artifact.visibility ?? 'owner',
        keep: artifact.keep ?? DEFAULT_KEEP,
      })),
      steps: [],
      ...(options.notifications === undefined ? {} : { notifications: options.notifications }),
    },
  })
}

function uniqueOf<Input>(unique: TextOf<Input> | { key: TextOf<Input>; conflict?: 'refuse' | 'join' | 'wait' }): {
  key: TextOf<Input>
  conflict?: 'refuse' | 'join' | 'wait'
} {
  return typeof unique === 'object' ? unique : { key: unique }
}

/** A misspelt field is an error, not silence: unless the author made the object loose, no others are allowed. */
function inputSchema(input: z.ZodObject): Record<string, unknown> {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(input, { io: 'input', target: 'draft-2020-12' })
  return { additionalProperties: false, ...schema }
}

function mapValues<In, Out>(record: Record<string, In>, map: (value: In, key: string) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]))
}

function refusal(name: string): (why: string) => never {
  return (why) => {
    throw new DefinitionError(`${name}: ${why}`)
  }
}

function attempt<T>(refuse: (why: string) => never, prefix: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    return refuse(prefix + (error instanceof Error ? error.message : String(error)))
  }
}
