import type { Failure } from '@errand/task'
import { Problem } from '../problem.ts'
import type { Claim } from '../types.ts'

/** Of a step whose owner lost the role that it takes, when it was to begin. */
export function withdrawn({ lease, principal, scope, step }: Claim): Failure {
  return {
    code: 'access-withdrawn',
    title: `${principal.name} may not do this for ${scope} any more`,
    detail: `The role that it takes was gone when the step "${step}" was to begin.`,
    hint: 'Ask a member of the staff for the role, then run it again.',
    retryable: false,
    step,
    reference: lease.slice(0, 12),
  }
}

export function workerIdInvalid(id: string): Problem {
  return new Problem({
    code: 'worker-id-invalid',
    status: 422,
    title: 'The id of the worker is not a UUID',
    detail: `It is "${id.slice(0, 100)}".`,
    hint: 'Give each worker process an id of its own, such as crypto.randomUUID(); its name is what people see.',
  })
}
