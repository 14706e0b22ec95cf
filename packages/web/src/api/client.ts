import { ApiProblem, createClient } from '@errand/client'

/** The API where the page came from; the session's cookie says who is asking. */
export const client = createClient({ server: '', as: 'web' })

/** Whether the answer was that nobody is signed in. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 401
}
