import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/**
 * A TCP relay with a fixed address, in front of something that moves or is to be cut off: the floating address of a
 * primary, or the network between two hosts.
 */
export interface Relay {
  readonly port: number
  /** Where new connections go. */
  target: { host: string; port: number }
  /** Ends every connection, and refuses new ones until {@link Relay.heal}. */
  drop(): void
  /** Nothing passes any more, and nobody is told: as a cable that is pulled. */
  freeze(): void
  heal(): void
  close(): void
}

export async function openRelay(target: { host: string; port: number }): Promise<Relay> {
  const pairs = new Set<[Socket, Socket]>()
  let state: 'open' | 'dropped' | 'frozen' = 'open'
  const server = createServer({ pauseOnConnect: true }, (near) => {
    if (state === 'dropped') {
      near.resetAndDestroy()
      return
    }
    const far = connect(relay.target)
    const pair: [Socket, Socket] = [near, far]
    pairs.add(pair)
    near.on('data', (chunk) => far.write(chunk) || near.pause())
    far.on('data', (chunk) => near.write(chunk) || far.pause())
    near.on('drain', () => state === 'frozen' || far.resume())
    far.on('drain', () => state === 'frozen' || near.resume())
    for (const socket of pair) {
      socket.on('error', () => undefined)
      socket.on('close', () => {
        pairs.delete(pair)
        // While frozen nobody hears that the other side has gone.
        if (state !== 'frozen') for (const each of pair) each.destroy()
      })
    }
    if (state === 'frozen') far.pause()
    else near.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The relay has no port.')
  const relay: Relay = {
    port: address.port,
    target,
    drop() {
      state = 'dropped'
      for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy()
    },
    freeze() {
      state = 'frozen'
      for (const pair of pairs) for (const socket of pair) socket.pause()
    },
    heal() {
      state = 'open'
      for (const pair of pairs) {
        if (pair.some((socket) => socket.destroyed)) for (const socket of pair) socket.destroy()
        else for (const socket of pair) socket.resume()
      }
    },
    close() {
      server.close()
      for (const pair of pairs) for (const socket of pair) socket.destroy()
    },
  }
  return relay
}
