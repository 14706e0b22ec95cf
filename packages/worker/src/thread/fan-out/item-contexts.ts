import { fanOutLimits, type ItemContext, TaskFailure } from '@errand/task'
import { ITEM_LOG_RATE, LOG_LINE_LIMIT } from '../../config.ts'
import { cut, RateLimit } from '../../rate-limit.ts'
import { uploadedFile } from '../uploads.ts'
import type { Appended } from './appended.ts'
import type { FanOutParts } from './run-fan-out.ts'

/** Makes the contexts of a slice's items. */
export class ItemContexts {
  readonly #parts: FanOutParts
  readonly #uploads: ItemContext['uploads']
  readonly #slots: ReadonlySet<string>
  readonly #limit = new RateLimit(ITEM_LOG_RATE)
  readonly #log: (message: string) => void
  #lines: string[] = []

  constructor(parts: FanOutParts) {
    this.#parts = parts
    const { channel, claim, definition } = parts
    this.#uploads = Object.fromEntries(
      Object.keys(claim.uploads).map((name) => [name, uploadedFile(channel, name, claim.uploads)]),
    )
    this.#slots = new Set(Object.keys(definition.shape.artifacts))
    this.#log = (message) => {
      if (this.#limit.allow()) this.#lines.push(cut(String(message), LOG_LINE_LIMIT))
    }
  }

  /** The context of one try. After `close` nothing more is appended by it. */
  open(appended: Appended, attempt: number): { context: ItemContext; close(): void } {
    const { claim, input, options, signal } = this.#parts
    let closed = false
    const append = (slot: string, content: string | Uint8Array) => {
      if (closed) throw new Error('This item is settled; what it appends has to come before its promise does.')
      if (!this.#slots.has(slot)) throw slotUnknown(slot, this.#slots)
      if (typeof content !== 'string' && !(content instanceof Uint8Array)) {
        throw new TypeError(`append("${slot}", …) takes a text or bytes.`)
      }
      if (appended.size + content.length > fanOutLimits.appendBytes) throw tooLong(slot)
      appended.add(slot, typeof content === 'string' ? content : new Uint8Array(content))
    }
    return {
      context: {
        taskId: claim.taskId,
        input,
        results: claim.results,
        signal,
        attempt,
        principal: claim.principal,
        scope: claim.scope,
        options,
        uploads: this.#uploads,
        append,
        log: this.#log,
      },
      close: () => {
        closed = true
      },
    }
  }

  /** What was logged since the last call. */
  takeLines(): string[] {
    const lines = this.#lines
    this.#lines = []
    const left = this.#limit.takeLeftOut()
    if (left > 0) lines.push(`${left === 1 ? '1 line was' : `${left} lines were`} left out: one a second is kept.`)
    return lines
  }
}

function slotUnknown(slot: string, slots: ReadonlySet<string>): TaskFailure {
  return new TaskFailure({
    code: 'artifact-undeclared',
    title: `The definition has no artifact "${slot}"`,
    hint: `It has: ${[...slots].join(', ') || 'none'}.`,
  })
}

function tooLong(slot: string): TaskFailure {
  return new TaskFailure({
    code: 'append-too-large',
    title: 'The item appends too much',
    detail: `With what it gave to "${slot}" it is more than ${fanOutLimits.appendBytes} bytes.`,
    hint: 'Write an output of its own for what is as big as that.',
  })
}
