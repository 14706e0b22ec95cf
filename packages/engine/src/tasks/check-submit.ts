import { type DefinitionShape, fillTemplate } from '@errand/task'
import { v7 as uuidv7 } from 'uuid'
import { actorOf } from '../access/policy.ts'
import { queueOf } from '../dispatch/dispatch.ts'
import { Problem } from '../problem.ts'
import type { Principal, SubmitRequest } from '../types.ts'
import { checkInput, requestDigest } from './check-input.ts'
import { checkUploads } from './check-uploads.ts'
import type { TaskRow } from './record.ts'
import type { TaskServices } from './services.ts'

/** A request that has passed every check which needs no lock. */
export interface Checked {
  shape: DefinitionShape
  /** What becomes of it when the definition allows one at a time and one is running. */
  conflict: 'refuse' | 'join' | 'wait'
  /** For the history. */
  actor: string
  row: Omit<
    TaskRow,
    'created_at' | 'started_at' | 'finished_at' | 'deadline_at' | 'move_lease' | 'move_until' | 'move_failure'
  > & { deadline: number | null }
}

const KEY_LIMIT = 255
/** Bytes: the longest scope and the longest key of "one at a time". Both are in indexes, whose entries are limited. */
const LABEL_LIMIT = 1_000

/** Everything that can be said of a request before its transaction begins. */
export async function checkSubmit(
  services: TaskServices,
  request: SubmitRequest,
  who: Principal,
  traceparent: string | null,
): Promise<Checked> {
  const shape = await services.catalog.choose(request.definition, request.version)
  await services.dispatch.ensure(queueOf(shape.name, shape.version))
  const input = checkInput(shape, request.input)
  const scope = shape.scope === undefined ? '' : label(shape, 'scope', shape.scope, input)
  await services.access.assertMayStart(who, shape, scope)
  await services.people.seen(who)
  const uploads = await checkUploads(services, shape, request.uploads ?? {}, who)
  const ids = Object.fromEntries(uploads.map(({ name, id }) => [name, id]))
  if (
    request.idempotencyKey !== undefined &&
    (request.idempotencyKey.length > KEY_LIMIT || request.idempotencyKey === '')
  ) {
    throw new Problem({
      code: 'idempotency-key-invalid',
      status: 400,
      title: 'The Idempotency-Key is not valid',
      detail: `It has ${request.idempotencyKey.length} characters; 1 to ${KEY_LIMIT} are allowed.`,
      hint: 'A UUID does well.',
    })
  }
  if (Object.keys(shape.artifacts).length > 0) await services.artifacts.quotas.check(scope)
  return {
    shape,
    conflict: request.conflict ?? shape.unique?.conflict ?? 'refuse',
    actor: actorOf(who),
    row: {
      id: uuidv7(),
      definition: shape.name,
      version: shape.version,
      title: shape.title,
      scope,
      owner: who.id,
      owner_name: who.name,
      input,
      uploads: ids,
      origin: request.origin ?? { by: 'api' },
      state: 'pending',
      failure: null,
      unique_key: shape.unique === undefined ? null : label(shape, 'unique', shape.unique.key, input),
      waits_key: null,
      idempotency_key: request.idempotencyKey ?? null,
      request_digest:
        request.idempotencyKey === undefined
          ? null
          : requestDigest({
              definition: request.definition,
              input: request.input ?? {},
              // By what is in them: whoever repeats a request may have had to upload its files again.
              uploads: Object.fromEntries(uploads.map(({ name, sha256 }) => [name, sha256])),
            }),
      sequence: 0,
      deadline: shape.deadline ?? null,
      traceparent,
    },
  }
}

/** @throws {Problem} `input-invalid` for an input that makes it longer than can be kept */
function label(shape: DefinitionShape, what: string, template: string, input: Record<string, unknown>): string {
  const text = fillTemplate(template, input)
  const size = Buffer.byteLength(text)
  if (size <= LABEL_LIMIT) return text
  const fields = [...template.matchAll(/\{([^{}]*)\}/g)].map(([, field]) => field ?? '')
  throw new Problem({
    code: 'input-invalid',
    status: 422,
    title: `The input does not fit ${shape.title}`,
    detail: `With ${fields.join(', ')} the task's "${what}" has ${size} bytes; ${LABEL_LIMIT} are allowed.`,
    hint: 'Give a shorter value.',
    extensions: { issues: fields.map((field) => ({ field, message: 'is too long' })) },
  })
}
