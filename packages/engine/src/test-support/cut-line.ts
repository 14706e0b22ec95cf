import { connect, createServer, type Socket } from 'node:net'

/** A line to a server that can be cut and mended, as a network can. */
export interface CutLine {
  /** The server's address, over the line. */
  url: string
  /** Breaks every connection and takes no new one. */
  cut(): Promise<void>
  mend(): Promise<void>
  /** Nothing passes any more, and nobody is told. */
  hush(): void
  speak(): void
  close(): Promise<void>
}

export async function openLine(target: string): Promise<CutLine> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let silent = false
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => undefined)
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.on('data', (chunk) => silent || other.write(chunk))
    }
  })
  const listen = (at: number) => new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve))
  await listen(0)
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The line has no port.')
  const url = new URL(target)
  url.hostname = '127.0.0.1'
  url.port = String(address.port)
  const cut = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    url: url.href,
    cut,
    mend: () => listen(address.port),
    hush() {
      silent = true
    },
    speak() {
      silent = false
    },
    close: async () => {
      if (server.listening) await cut()
    },
  }
}
