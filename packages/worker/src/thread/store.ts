import type { ObjectInfo, ObjectStore } from '@errand/task'
import { ask } from '../calls.ts'
import type { Channel } from '../channel/channel.ts'
import { CALLS_IN_FLIGHT } from '../config.ts'
import { Gate } from './gate.ts'

/** A pack's object store, whose backend is in the main thread. */
export function channelStore(channel: Channel, store: string): ObjectStore {
  const gate = new Gate(CALLS_IN_FLIGHT)
  return {
    read: (key, range) => {
      const stream = channel.nextStream()
      const incoming = channel.incoming(stream)
      ask(channel, 'storeRead', { store, stream, key, ...(range === undefined ? {} : { range }) }).catch(
        (error: Error) => incoming.destroy(error),
      )
      return incoming
    },
    write: (key) => {
      const stream = channel.nextStream()
      const stored = ask(channel, 'storeWrite', { store, stream, key })
      const outgoing = channel.outgoing(stream, { finished: () => stored })
      stored.catch((error: Error) => outgoing.destroy(error))
      return outgoing
    },
    get: (key) => gate.run(() => ask(channel, 'storeGet', { store, key })),
    put: (key, given) =>
      gate.run(() => {
        const { content, transfer } = handedOver(given)
        return ask(channel, 'storePut', { store, key, content }, transfer)
      }),
    create: (key, given) =>
      gate.run(() => {
        const { content, transfer } = handedOver(given)
        return ask(channel, 'storeCreate', { store, key, content }, transfer)
      }),
    stat: (key) => gate.run(() => ask(channel, 'storeStat', { store, key })),
    list: (prefix) => listing(channel, gate, store, prefix),
    move: (from, to) => gate.run(() => ask(channel, 'storeMove', { store, from, to })),
    delete: (key) => gate.run(() => ask(channel, 'storeDelete', { store, key })),
  }
}

/** Bytes are copied and the copy handed over: the author may go on using them. */
function handedOver(given: Uint8Array | string): { content: Uint8Array | string; transfer: ArrayBuffer[] } {
  if (typeof given === 'string') return { content: given, transfer: [] }
  const content = new Uint8Array(given)
  return { content, transfer: [content.buffer] }
}

async function* listing(channel: Channel, gate: Gate, store: string, prefix: string): AsyncGenerator<ObjectInfo> {
  const list = channel.nextStream()
  let more = true
  try {
    while (more) {
      const page = await gate.run(() => ask(channel, 'storeList', { store, list, prefix }))
      more = page.length > 0
      yield* page
    }
  } finally {
    if (more) await ask(channel, 'storeListEnd', { list }).catch(() => undefined)
  }
}
