import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { type Claim, ClaimLost, debugPoint, isProblem, release, type Store, type WorkerPort } from '@errand/engine'
import type { ObjectInfo, WrittenArtifact } from '@errand/task'
import type { StepCallHandlers, StepCalls } from './calls.ts'
import type { Channel } from './channel/channel.ts'
import { FLUSH_PATIENCE_MS, LIST_PAGE, REPORT_RETRY_MS } from './config.ts'
import type { Lease } from './lease.ts'
import { isClaimLost } from './report.ts'

/** Does for one claim's thread what only the main thread can: talk to the engine and to storage. */
export class StepServices {
  readonly #claim: Claim
  readonly #work: WorkerPort
  readonly #store: (name: string) => Store
  readonly #lists = new Map<number, AsyncIterator<ObjectInfo>>()
  readonly #running = new Set<Promise<unknown>>()
  readonly #abort = new AbortController()
  readonly #handlers: StepCallHandlers

  constructor(claim: Claim, lease: Lease, work: WorkerPort, store: (name: string) => Store, channel: Channel) {
    this.#claim = claim
    this.#work = work
    this.#store = store
    this.#handlers = {
      confirmLease: async () => {
        await this.#untilRecorded(() => confirm(lease))
        return lease.until
      },
      saveCheckpoint: async ({ json }) => void (await work.saveCheckpoint(claim, JSON.parse(json))),
      saveOnce: async ({ key, json }) => void (await work.saveOnce(claim, key, JSON.parse(json))),
      readUpload: (args) => this.#readUpload(args, channel),
      writeArtifact: (args) => this.#writeArtifact(args, channel),
      storeRead: async ({ store, stream, key, range }) => {
        await pipeline(this.#store(store).read(key, range), channel.outgoing(stream, { handedOver: true }))
        return undefined
      },
      storeWrite: async ({ store, stream, key }) => {
        await pipeline(channel.incoming(stream), this.#store(store).write(key, { handedOver: true }))
        return undefined
      },
      storeGet: ({ store, key }) => this.#store(store).get(key),
      storePut: async ({ store, key, content }) => {
        await this.#store(store).put(key, content)
        if (typeof content !== 'string') release(content)
        return undefined
      },
      storeCreate: ({ store, key, content }) => this.#store(store).create(key, content),
      storeStat: ({ store, key }) => this.#store(store).stat(key),
      storeList: (args) => this.#list(args),
      storeListEnd: async ({ list }) => {
        await this.#lists.get(list)?.return?.()
        this.#lists.delete(list)
        return undefined
      },
      storeMove: async ({ store, from, to }) => void (await this.#store(store).move(from, to)),
      storeDelete: async ({ store, key }) => void (await this.#store(store).delete(key)),
      planItems: (page) => work.planItems(claim, { ...page, traceparent: claim.traceparent }),
      planFailedItems: async () => void (await work.planFailedItems(claim)),
      flushSlice: async (flush) => void (await this.#untilRecorded(() => work.flushSlice(claim, flush))),
      takeInHand: async ({ at }) => void (await this.#untilRecorded(() => work.takeInHand(claim, at))),
      compose: (edges) => this.#untilRecorded(() => work.compose(claim, edges, this.#abort.signal), this.#abort.signal),
    }
  }

  /** Answers a request from the thread. */
  async call(method: string, args: unknown): Promise<unknown> {
    if (!Object.hasOwn(this.#handlers, method)) throw new Error(`There is no request ${method}.`)
    // The thread's end is of this package and version: `ask` has checked name and arguments against one type.
    const handler = this.#handlers[method as keyof StepCalls] as (args: unknown) => Promise<unknown>
    const answer = handler(args)
    this.#running.add(answer)
    try {
      return await answer
    } finally {
      this.#running.delete(answer)
    }
  }

  /** The step is to end: what takes long does not go on. */
  abort(): void {
    this.#abort.abort()
  }

  /** When nothing that the thread asked for is under way any more. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#lists.values()].map((list) => list.return?.()))
    while (this.#running.size > 0) await Promise.allSettled([...this.#running])
  }

  async #readUpload({ stream, name, range }: StepCalls['readUpload']['args'], channel: Channel): Promise<undefined> {
    // Before anything is awaited: the thread may say at once that it wants no more.
    const outgoing = channel.outgoing(stream, { handedOver: true })
    outgoing.on('error', () => undefined)
    try {
      await pipeline(await this.#work.readUpload(this.#claim, name, range), outgoing)
    } catch (error) {
      outgoing.destroy(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
    return undefined
  }

  async #writeArtifact(args: StepCalls['writeArtifact']['args'], channel: Channel): Promise<WrittenArtifact> {
    const { stream, slot, filename, mediaType } = args
    // Before anything is awaited: what the thread sends from now on must find its stream.
    const incoming = channel.incoming(stream)
    // It may break while the sink is being opened, when nobody listens yet; reading it then says so.
    incoming.on('error', () => undefined)
    const sink = await this.#work.openArtifact(this.#claim, slot, {
      filename,
      ...(mediaType === undefined ? {} : { mediaType }),
      handedOver: true,
    })
    try {
      for await (const chunk of incoming) {
        await sink.write(chunk)
        await debugPoint('mid-artifact', this.#claim.step)
      }
      const { size, sha256 } = await sink.close()
      return { id: sink.id, filename, size, sha256, state: 'writing' }
    } catch (error) {
      await sink.abort().catch(() => undefined)
      throw error
    }
  }

  /** A database or a storage that is away comes back, and what the items did should not be done again. */
  async #untilRecorded<Result>(action: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const giveUp = AbortSignal.timeout(FLUSH_PATIENCE_MS)
    for (let wait: number = REPORT_RETRY_MS.first; ; wait = Math.min(wait * 2, REPORT_RETRY_MS.longest)) {
      try {
        return await action()
      } catch (error) {
        const refused = isClaimLost(error) || (isProblem(error) && error.status < 500)
        if (refused || giveUp.aborted || signal?.aborted) throw error
      }
      await delay(wait)
    }
  }

  async #list({ store, list, prefix }: StepCalls['storeList']['args']): Promise<ObjectInfo[]> {
    const iterator = this.#lists.get(list) ?? this.#store(store).list(prefix)[Symbol.asyncIterator]()
    this.#lists.set(list, iterator)
    const page: ObjectInfo[] = []
    while (page.length < LIST_PAGE) {
      const { done, value } = await iterator.next()
      if (done) break
      page.push(value)
    }
    if (page.length === 0) this.#lists.delete(list)
    return page
  }
}

async function confirm(lease: Lease): Promise<void> {
  if (!(await lease.confirm())) throw new ClaimLost('The worker stood still past its lease; the step is another’s now.')
}
