import type { CourseTree } from '../tree.ts'

/** A value that was taken out of an export. */
export interface Redaction {
  file: string
  /** The setting it stood in. */
  setting: string
}

/** An export's files as they are without secrets. */
export interface Redacted {
  /** By path; files without secrets are not among them. */
  contents: ReadonlyMap<string, Uint8Array>
  redactions: readonly Redaction[]
  /** Files that may hold settings and could not be searched: they are no JSON, or too big. They are exported as they are. */
  notSearched: string[]
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

/** A setting that is written as an element, as long ones are: `<option:name>value</option:name>`, or with its value as CDATA. */
const ELEMENT = /<((?:[\w.-]+:)?([\w.-]+))(\s[^<>]*)?>([^<]+|\s*<!\[CDATA\[[^\]]*\]\]>\s*)<\/\1\s*>/g

/**
 * Finds secrets in the settings of a course: in its policies, and in the attributes and elements of its XML files.
 *
 * @param paths - of the files that are exported
 * @param lost - told of a file that cannot be read; it is to be left out
 */
export async function redactSecrets(
  tree: CourseTree,
  paths: readonly string[],
  lost: (path: string, cause: unknown) => Promise<void>,
): Promise<Redacted> {
  const contents = new Map<string, Uint8Array>()
  const redactions: Redaction[] = []
  const notSearched: string[] = []
  for (const path of paths) {
    const redactor = redactorFor(path)
    if (!redactor) continue
    if (tree.size(path) > FILE_LIMIT) {
      notSearched.push(path)
      continue
    }
    try {
      const text = Buffer.from(await tree.read(path)).toString(redactor.encoding)
      const found = (setting: string) => redactions.push({ file: path, setting })
      const without = redactor.redact(text, found)
      if (without === UNREADABLE) notSearched.push(path)
      else if (without !== undefined) contents.set(path, Buffer.from(without, redactor.encoding))
    } catch (error) {
      await lost(path, error)
    }
  }
  return { contents, redactions, notSearched }
}

/** Gives the text without secrets, or undefined when there are none. */
interface Redactor {
  encoding: 'utf8' | 'latin1'
  redact(text: string, found: (setting: string) => void): string | undefined
}

const UNREADABLE = 'unreadable'

function redactorFor(path: string): Redactor | undefined {
  if (/^policies\/.*\.json$/.test(path)) return { encoding: 'utf8', redact: redactJson }
  // Latin-1 keeps every byte as it is, and all that is looked for is ASCII.
  if (path.endsWith('.xml') && !/^static(_import)?\//.test(path)) return { encoding: 'latin1', redact: redactXml }
  return undefined
}

function redactJson(text: string, found: (setting: string) => void): string | undefined {
  let changed = false
  let value: unknown
  try {
    // A byte order mark is no JSON, and no reason to give up.
    value = JSON.parse(text.replace(/^\uFEFF/, ''), (key, inner: unknown) => {
      if (!SECRET.test(key) || isEmpty(inner)) return inner
      changed = true
      found(key)
      return redactValue(key, inner)
    })
  } catch {
    return UNREADABLE
  }
  return changed ? `${JSON.stringify(value, null, 4)}\n` : undefined
}

function redactXml(text: string, found: (setting: string) => void): string | undefined {
  let changed = false
  const isSecret = (name: string, value: string): boolean => {
    if (!SECRET.test(name) || /^\s*(\[\]|\{\}|null)?\s*$/.test(value)) return false
    changed = true
    found(name)
    return true
  }
  const instead = (name: string): string => (name === 'lti_passports' ? '[]' : REDACTED)
  // UTF-16 has a zero byte beside each of its characters.
  if (text.includes('\0')) return UNREADABLE
  const out = text
    .replace(ATTRIBUTE, (all, name: string, equals: string, quoted: string) => {
      if (!isSecret(name, quoted.slice(1, -1))) return all
      const quote = quoted.slice(0, 1)
      return `${name}${equals}${quote}${instead(name)}${quote}`
    })
    .replace(ELEMENT, (all, tag: string, name: string, attributes: string | undefined, value: string) =>
      isSecret(name, value) ? `<${tag}${attributes ?? ''}>${instead(name)}</${tag}>` : all,
    )
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
