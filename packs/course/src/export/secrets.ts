/** What stands where a secret stood. */
export const REDACTED = 'REDACTED'

/** Told the name of each setting whose value was taken out. */
export type Found = (setting: string) => void

/** Settings that hold secrets, by the names that courses and their blocks give them. */
const SECRET =
  /^(lti_passports|.*(secret|password|passwd|api_?key|access_?key|private_?key|auth_?token|upload_token))$/i

/** Whether a setting of that name holds a secret. */
export function isSecret(name: string): boolean {
  return SECRET.test(name)
}

/**
 * The value of a JSON text without the secrets in it, at whatever depth; `undefined` when there are none.
 *
 * @throws {SyntaxError} when it is not JSON
 */
export function jsonWithoutSecrets(text: string, found: Found): unknown {
  let changed = false
  const value: unknown = JSON.parse(text, (key, inner: unknown) => {
    if (!isSecret(key) || isEmpty(inner)) return inner
    const other = redactValue(key, inner)
    // It has been taken out before.
    if (JSON.stringify(other) === JSON.stringify(inner)) return inner
    changed = true
    found(key)
    return other
  })
  return changed ? value : undefined
}

/** Of an LTI passport, `id:key:secret`, the id stays: the course's blocks refer to it. */
function redactValue(key: string, value: unknown): unknown {
  if (key !== 'lti_passports' || !Array.isArray(value)) return REDACTED
  return value.map((passport: unknown) => `${String(passport).split(':')[0]}:${REDACTED}:${REDACTED}`)
}

function isEmpty(value: unknown): boolean {
  return value === null || value === '' || value === false || (Array.isArray(value) && value.length === 0)
}
