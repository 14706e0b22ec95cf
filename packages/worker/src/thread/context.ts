import type { Claim } from '@errand/engine'
import { type StepContext, TaskFailure } from '@errand/task'
import { ask } from '../calls.ts'
import type { Channel } from '../channel/channel.ts'
import { CHECKPOINT_LIMIT, ONCE_KEY_LIMIT } from '../config.ts'
import { toJsonText } from '../json-text.ts'
import { ArtifactWriter } from './artifacts.ts'
import { ActivityLog } from './log.ts'
import { ProgressReport } from './progress.ts'
import { channelStore } from './store.ts'
import { uploadedFile } from './uploads.ts'

/** What a context is made of. */
export interface ContextParts {
  claim: Claim
  channel: Channel
  signal: AbortSignal
  input: unknown
  options: unknown
  filenames: Readonly<Record<string, (input: unknown) => string>>
  slots: readonly string[]
  stores: readonly string[]
}

/**
 * The context of one attempt. `close` ends it when the handler has ended: what was reported without waiting is
 * sent, and a file that is still being written is an error.
 */
export function createContext(parts: ContextParts): { context: StepContext; close(): Promise<void> } {
  const { claim, channel, signal } = parts
  const progress = new ProgressReport(channel)
  const log = new ActivityLog(channel)
  const writer = new ArtifactWriter(channel, signal)
  const kept = new KeptValues(claim, channel)
  const context: StepContext = {
    taskId: claim.taskId,
    input: parts.input,
    results: claim.results,
    signal,
    attempt: claim.attempt,
    principal: claim.principal,
    scope: claim.scope,
    options: parts.options,
    stores: named(parts.stores, (name) => channelStore(channel, name)),
    uploads: named(Object.keys(claim.uploads), (name) => uploadedFile(channel, name, claim.uploads)),
    artifacts: named(parts.slots, (slot) => writer.slot(slot, () => parts.filenames[slot]?.(parts.input) ?? slot)),
    progress: (done, total, message) => progress.report(done, total, message),
    log: (message) => log.write(message),
    checkpoint: claim.checkpoint ?? undefined,
    saveCheckpoint: (value) => kept.saveCheckpoint(value),
    once: (key, action) => kept.once(key, action),
  }
  return {
    context,
    close: async () => {
      progress.close()
      log.close()
      await kept.settled()
      writer.close()
    },
  }
}

/** A record without a prototype, so that no name, `constructor` or other, finds what was not put there. */
function named<Value>(names: readonly string[], make: (name: string) => Value): Record<string, Value> {
  const record: Record<string, Value> = Object.create(null)
  for (const name of names) record[name] = make(name)
  return record
}

/** What a step keeps while it runs: its checkpoint, and what `once` returned. */
class KeptValues {
  readonly #claim: Claim
  readonly #channel: Channel
  readonly #once = new Map<string, Promise<unknown>>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(claim: Claim, channel: Channel) {
    this.#claim = claim
    this.#channel = channel
  }

  async saveCheckpoint(value: unknown): Promise<void> {
    const name = `The checkpoint of the step "${this.#claim.step}"`
    const json = toJsonText(value, { code: 'checkpoint', name, limit: CHECKPOINT_LIMIT })
    await this.#inOrder(() => ask(this.#channel, 'saveCheckpoint', { json }))
  }

  once<T>(key: string, action: () => T | Promise<T>): Promise<T> {
    if (typeof key !== 'string' || key === '' || key.length > ONCE_KEY_LIMIT) {
      return Promise.reject(
        new TaskFailure({
          code: 'once-invalid',
          title: 'The key given to once(…) is not valid',
          detail: `It must be a text of 1 to ${ONCE_KEY_LIMIT} characters.`,
          hint: 'Use a short key that names the effect, such as "charge".',
        }),
      )
    }
    // The value was this action's own in an earlier attempt, or is now: what the author's types say of it holds.
    if (Object.hasOwn(this.#claim.once, key)) return Promise.resolve(this.#claim.once[key] as T)
    const begun = this.#once.get(key) ?? this.#runOnce(key, action)
    this.#once.set(key, begun)
    return begun as Promise<T>
  }

  /** When all that was saved has been stored. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#last, ...this.#once.values()])
  }

  async #runOnce(key: string, action: () => unknown): Promise<unknown> {
    const value = await action()
    const json = toJsonText(value, { code: 'once', name: `What once("${key}") returned`, limit: CHECKPOINT_LIMIT })
    await this.#inOrder(() => ask(this.#channel, 'saveOnce', { key, json }))
    // As a later attempt will get it, so that both go on from the same.
    return JSON.parse(json)
  }

  /** One after another: an older checkpoint never overtakes a newer one, and they do not pile up elsewhere. */
  #inOrder(action: () => Promise<unknown>): Promise<unknown> {
    const next = this.#last.then(action, action)
    this.#last = next.catch(() => undefined)
    return next
  }
}
