import { TaskFailure } from '@errand/task'
import { type ArchiveLimits, RATIO_FLOOR } from '../options.ts'
import { shortName } from './member-path.ts'

const REFUSED = 'The archive was refused'

/** Counts what really comes out of an archive and stops it at a limit, in the middle of a member if need be. */
export class LimitGuard {
  readonly #limits: ArchiveLimits
  #packed = 0
  #streamed = 0
  #contents = 0
  #members = 0
  #member = '(start of the archive)'

  constructor(limits: ArchiveLimits) {
    this.#limits = limits
  }

  /** Name of the member being read, for messages. */
  get member(): string {
    return this.#member
  }

  get members(): number {
    return this.#members
  }

  /** Packed bytes read so far. */
  get packed(): number {
    return this.#packed
  }

  /** A new member begins. */
  enter(name: string): void {
    this.#member = shortName(name)
    this.#members++
    if (this.#members > this.#limits.members) {
      throw new TaskFailure({
        code: 'archive-too-many-members',
        title: REFUSED,
        detail: `It holds more than ${this.#limits.members} files and folders; the first one too many is "${this.#member}".`,
        hint: 'Remove files the course does not need, or ask the operator to raise limits.members.',
      })
    }
  }

  /** Bytes of the archive as it was handed in. */
  countPacked(bytes: number): void {
    this.#packed += bytes
  }

  /** Bytes as they leave the decompressor, headers and padding included. */
  countStreamed(bytes: number): void {
    this.#streamed += bytes
    this.#checkRatio(this.#streamed)
    // Headers and padding alone must not go on for ever either: each member may cost its header and a long name.
    if (this.#streamed > this.#limits.totalBytes + this.#limits.members * 8_192) this.#tooBig()
  }

  /** Bytes of a member's content. */
  countContent(bytes: number): void {
    this.#contents += bytes
    if (this.#contents > this.#limits.totalBytes) this.#tooBig()
    this.#checkRatio(this.#contents)
  }

  #tooBig(): never {
    throw new TaskFailure({
      code: 'archive-too-big',
      title: REFUSED,
      detail: `Unpacked it is bigger than ${this.#limits.totalBytes} bytes; the limit was passed in "${this.#member}".`,
      hint: 'Remove large files from the course, or ask the operator to raise limits.totalBytes.',
    })
  }

  #checkRatio(produced: number): void {
    if (produced <= RATIO_FLOOR || produced <= this.#packed * this.#limits.ratio) return
    throw new TaskFailure({
      code: 'archive-bomb',
      title: REFUSED,
      detail: `It unpacks to more than ${this.#limits.ratio} times its size, as only a compression bomb does; the limit was passed in "${this.#member}".`,
      hint: 'Pack the course again with an ordinary tool, or ask the operator to raise limits.ratio.',
    })
  }
}
