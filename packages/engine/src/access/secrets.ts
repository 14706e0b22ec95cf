import { createHash, randomBytes } from 'node:crypto'

/** Bytes of a secret: nothing that could be guessed, so that a fast hash keeps it. */
const SECRET_BYTES = 32

/**
 * A new secret. What it begins with tells what it is: to us, and to whoever finds it where it should not be.
 *
 * @example
 * ```ts
 * newSecret('errand_pat_') // 'errand_pat_VZ0qk…'
 * ```
 */
export function newSecret(prefix: string): string {
  return prefix + randomBytes(SECRET_BYTES).toString('base64url')
}

/** What is kept of a secret. Looking up a hash tells an attacker who measures time nothing about the secret. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
