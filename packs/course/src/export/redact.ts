import type { CourseTree } from '../tree.ts'

/** A value that was taken out of an export. */
export interface Redaction {
  file: string
  /** The setting it stood in. */
  setting: string
}

/** What stands where a secret stood. */
export const REDACTED = 'REDACTED'

/** Settings that hold secrets, by the names that courses and their blocks give them. */
const SECRET =
  /^(lti_passports|.*(secret|password|passwd|api_?key|access_?key|private_?key|auth_?token|upload_token))$/i
/** An attribute of an XML tag: `name="value"` or `name='value'`. */
const ATTRIBUTE = /([\w.:-]+)(\s*=\s*)("[^"<]*"|'[^'<]*')/g

/** Bigger files hold content, not settings. In bytes. */
const FILE_LIMIT = 8 * 2 ** 20

/**
 * Finds secrets in the settings of a course: in its policies and in the attributes of its XML files.
 *
 * @param found - told of each
 * @returns the files as they are without them, by path; files without secrets are not among them
 */
export async function redactSecrets(
  tree: CourseTree,
  found: (redaction: Redaction) => void,
  progress: (done: number) => void = () => {},
): Promise<Map<string, Uint8Array>> {
  const redacted = new Map<string, Uint8Array>()
  let done = 0
  for (const path of tree.paths) {
    progress(++done)
    const redact = redactorFor(path)
    if (!redact || tree.size(path) > FILE_LIMIT) continue
    const bytes = Buffer.from(await tree.read(path))
    // Latin-1 keeps every byte as it is, and all that is looked for is ASCII.
    const text = redact(bytes.toString(path.endsWith('.json') ? 'utf8' : 'latin1'), (setting) =>
      found({ file: path, setting }),
    )
    if (text !== undefined) redacted.set(path, Buffer.from(text, path.endsWith('.json') ? 'utf8' : 'latin1'))
  }
  return redacted
}

type Redactor = (text: string, found: (setting: string) => void) => string | undefined

function redactorFor(path: string): Redactor | undefined {
  if (/^policies\/.*\.json$/.test(path)) return redactJson
  if (path.endsWith('.xml') && !/^static(_import)?\//.test(path)) return redactXml
  return undefined
}

function redactJson(text: string, found: (setting: string) => void): string | undefined {
  let changed = false
  let value: unknown
  try {
    value = JSON.parse(text, (key, inner: unknown) => {
      if (!SECRET.test(key) || isEmpty(inner)) return inner
      changed = true
      found(key)
      return redactValue(key, inner)
    })
  } catch {
    return undefined
  }
  return changed ? `${JSON.stringify(value, null, 4)}\n` : undefined
}

function redactXml(text: string, found: (setting: string) => void): string | undefined {
  let changed = false
  const out = text.replace(ATTRIBUTE, (all, name: string, equals: string, quoted: string) => {
    const value = quoted.slice(1, -1)
    if (!SECRET.test(name) || value === '' || value === '[]' || value === '{}' || value === 'null') return all
    changed = true
    found(name)
    const quote = quoted.slice(0, 1)
    return `${name}${equals}${quote}${name === 'lti_passports' ? '[]' : REDACTED}${quote}`
  })
  return changed ? out : undefined
}

/** Of an LTI passport, `id:key:secret`, the id stays: the course's blocks refer to it. */
function redactValue(key: string, value: unknown): unknown {
  if (key !== 'lti_passports' || !Array.isArray(value)) return REDACTED
  return value.map((passport: unknown) => `${String(passport).split(':')[0]}:${REDACTED}:${REDACTED}`)
}

function isEmpty(value: unknown): boolean {
  return value === null || value === '' || value === false || (Array.isArray(value) && value.length === 0)
}
