/** What was appended to some slots. Texts are joined as texts, which costs next to nothing; bytes are kept as they are. */
export class Appended {
  readonly #slots = new Map<string, (string | Uint8Array)[]>()
  /** About how many bytes. */
  size = 0

  add(slot: string, content: string | Uint8Array): void {
    let parts = this.#slots.get(slot)
    if (parts === undefined) {
      parts = []
      this.#slots.set(slot, parts)
    }
    const last = parts.at(-1)
    if (typeof content === 'string' && typeof last === 'string') parts[parts.length - 1] = last + content
    else parts.push(content)
    this.size += content.length
  }

  /** Adds all of the other's, behind its own. */
  take(other: Appended): void {
    for (const [slot, parts] of other.#slots) for (const part of parts) this.add(slot, part)
  }

  /** As bytes, by slot. */
  bytes(): Record<string, Uint8Array> {
    const bytes: Record<string, Uint8Array> = {}
    for (const [slot, parts] of this.#slots) {
      const joined = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
      // Its own buffer: it is handed over to the main thread.
      if (joined.length > 0) bytes[slot] = new Uint8Array(joined)
    }
    return bytes
  }
}
