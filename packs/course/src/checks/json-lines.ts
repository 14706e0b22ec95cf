/** The most keys whose lines are remembered; a policy with more gets findings without a line for the rest. */
const KEY_LIMIT = 100_000

/** Tells on which line of a JSON text a key is. It scans for keys once and does not otherwise parse: the text may be no JSON. */
export class JsonLines {
  private readonly lines = new Map<string, number[]>()

  constructor(text: string) {
    let line = 1
    let keys = 0
    for (let at = 0; at < text.length && keys < KEY_LIMIT; at++) {
      const character = text[at]
      if (character === '\n') line += 1
      if (character !== '"') continue
      const end = endOfString(text, at)
      if (/^\s*:/.test(text.slice(end + 1, end + 20))) {
        this.note(text.slice(at, end + 1), line)
        keys += 1
      }
      at = end
    }
  }

  /** The line (from 1) of a key; the first one from the key `within` on, where that is given and found. */
  ofKey(key: string, within?: string): number | undefined {
    const from = within === undefined ? 1 : (this.lines.get(within)?.[0] ?? 1)
    const lines = this.lines.get(key)
    return lines?.find((line) => line >= from) ?? lines?.[0]
  }

  /** The lines of all keys of that name, in order. */
  allOf(key: string): readonly number[] {
    return this.lines.get(key) ?? []
  }

  private note(quoted: string, line: number): void {
    let key: string
    try {
      key = String(JSON.parse(quoted))
    } catch {
      return
    }
    const lines = this.lines.get(key)
    if (lines === undefined) this.lines.set(key, [line])
    else lines.push(line)
  }
}

/** Where the string that starts at an opening quote ends; a JSON string has no line break in it. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at
    else if (text[at] === '\n') return at - 1
  }
  return text.length
}
