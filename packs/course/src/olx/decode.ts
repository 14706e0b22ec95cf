import { Buffer } from 'node:buffer'
import { TextDecoder } from 'node:util'

/** Text, or why the bytes are none, with the place of the first offending byte. */
export type Decoded =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly line: number; readonly column: number; readonly message: string }

/** How far into a file its XML declaration is looked for, in bytes; the standard puts it at the very start. */
const DECLARATION_WINDOW = 256

/**
 * Decodes a text file: by its byte order mark, else by the encoding its XML declaration names, else as UTF-8.
 * Bytes that are not valid in that encoding are an error, never silently replaced.
 */
export function decodeText(bytes: Uint8Array): Decoded {
  const encoding = byteOrderMark(bytes) ?? declaredEncoding(bytes) ?? 'utf-8'
  let decoder: TextDecoder
  try {
    decoder = new TextDecoder(encoding, { fatal: true })
  } catch {
    return { ok: false, line: 1, column: 1, message: `the encoding "${encoding}" it declares is not known` }
  }
  try {
    return { ok: true, text: decoder.decode(bytes) }
  } catch {
    return { ok: false, ...firstReplacement(bytes, encoding), message: `it holds bytes that are not ${encoding} text` }
  }
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  // Without a mark, "<?" in two-byte units still gives UTF-16 away.
  if (bytes[0] === 0x3c && bytes[1] === 0 && bytes[2] === 0x3f && bytes[3] === 0) return 'utf-16le'
  if (bytes[0] === 0 && bytes[1] === 0x3c && bytes[2] === 0 && bytes[3] === 0x3f) return 'utf-16be'
  return undefined
}

function declaredEncoding(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, DECLARATION_WINDOW)).toString('latin1')
  const declared = /^\s*<\?xml[^>]*?\sencoding\s*=\s*(["'])([^"']*)\1/.exec(head)?.[2]?.toLowerCase()
  // Read as single bytes, a declaration that says UTF-16 is wrong about itself; the rest is what its bytes say.
  if (declared === undefined || declared.startsWith('utf-16')) return undefined
  return declared === 'latin-1' ? 'latin1' : declared
}

function firstReplacement(bytes: Uint8Array, encoding: string): { line: number; column: number } {
  const text = new TextDecoder(encoding).decode(bytes)
  const at = text.indexOf('\uFFFD')
  return at < 0 ? { line: 1, column: 1 } : positionOf(text, at)
}

/** The line and column (both from 1) of an offset into a text. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  let line = 1
  let start = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1
    start = at + 1
  }
  return { line, column: offset - start + 1 }
}
