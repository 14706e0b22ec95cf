import type { CourseTree } from '../tree.ts'
import { redactXml } from './redact-xml.ts'
import { type Found, jsonWithoutSecrets } from './secrets.ts'

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
  /** Files that may hold settings and could not be searched: they are no JSON, in UTF-16, or too big. They are exported as they are. */
  notSearched: string[]
}

/** Bigger files hold content, not settings. In bytes. */
const FILE_LIMIT = 8 * 2 ** 20

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
    let bytes: Uint8Array
    try {
      bytes = await tree.read(path)
    } catch (error) {
      await lost(path, error)
      continue
    }
    const text = Buffer.from(bytes).toString(redactor.encoding)
    const settings: string[] = []
    const search = () => redactor.redact(text, (setting) => settings.push(setting))
    // UTF-16 has a zero byte beside each of its characters.
    const without = text.includes('\0') ? UNREADABLE : attempt(search)
    if (without === UNREADABLE) notSearched.push(path)
    else if (settings.length > 0) {
      contents.set(path, Buffer.from(without, redactor.encoding))
      for (const setting of settings) redactions.push({ file: path, setting })
    }
  }
  return { contents, redactions, notSearched }
}

interface Redactor {
  encoding: 'utf8' | 'latin1'
  /** Gives the text without the secrets that it tells of. */
  redact(text: string, found: Found): string
}

function redactorFor(path: string): Redactor | undefined {
  if (/^policies\/.*\.json$/.test(path)) return { encoding: 'utf8', redact: redactJson }
  // Latin-1 keeps every byte as it is, and all that is looked for is ASCII.
  if (path.endsWith('.xml') && !/^static(_import)?\//.test(path)) return { encoding: 'latin1', redact: redactXml }
  return undefined
}

const UNREADABLE = Symbol('unreadable')

/** What is no JSON cannot be searched, and neither can what nests so deeply that there is no end to it. */
function attempt(redact: () => string): string | typeof UNREADABLE {
  try {
    return redact()
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return UNREADABLE
    throw error
  }
}

function redactJson(text: string, found: Found): string {
  // A byte order mark is no JSON, and no reason to give up.
  const without = jsonWithoutSecrets(text.replace(/^\uFEFF/, ''), found)
  return without === undefined ? text : `${JSON.stringify(without, null, 4)}\n`
}
