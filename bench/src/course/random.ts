const WORDS =
  'anchor basin boat breeze buoy channel chart coast current deep delta drift ebb flat flood foam gauge harbour height island keel lagoon level low marsh mean moon mud neap ocean pier pilot pool rise river rock salt sand sea shallow shore slack spring station stream surge table tide wave wind'.split(
    ' ',
  )

/** The same sequence for the same seed, so that two runs measure the same course. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1
  }

  /** From 0 to below `limit`. */
  below(limit: number): number {
    // Marsaglia's xorshift: any generator does, as long as it is the same everywhere.
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % limit
  }

  /** 32 hexadecimal digits, as the names of blocks are. */
  name(): string {
    return Array.from({ length: 4 }, () =>
      this.below(2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('')
  }

  words(count: number): string {
    return Array.from({ length: count }, () => WORDS[this.below(WORDS.length)]).join(' ')
  }

  title(): string {
    const words = this.words(2 + this.below(4))
    return words.charAt(0).toUpperCase() + words.slice(1)
  }
}
