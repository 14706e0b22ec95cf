import { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Problem } from '@errand/engine'
import { createAdaptorServer, type ServerType } from '@hono/node-server'
import { CLOSE_GRACE, KEEP_ALIVE, SOCKET_IDLE } from './config.ts'
import { FeedWriters } from './feed/feed-writers.ts'
import { answer, type Fetch } from './handle.ts'

export interface ListenOptions {
  /** 0 takes a free one. */
  port: number
  /** Default `127.0.0.1`: seen by nobody else unless asked for. */
  host?: string
}

/** A server that accepts connections. */
export interface Listening {
  /** `http://127.0.0.1:4400`. */
  url: string
  port: number
  /**
   * Stops: no new connection, feeds end, requests in hand get `grace` milliseconds to finish, then every
   * connection is closed. Can be called again.
   */
  close(grace?: number): Promise<void>
}

/**
 * @param heartbeat - milliseconds after which a quiet feed says that it is there
 * @throws {Problem} port-in-use, port-forbidden, host-unknown
 */
export async function listen(
  fetch: Fetch,
  { port, host = '127.0.0.1', heartbeat }: ListenOptions & { heartbeat: number },
  onClose: () => void,
): Promise<Listening> {
  const feeds = new FeedWriters(heartbeat)
  const server = nodeServer((request, env) => answer(fetch, feeds, request, env))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenProblem(error, port, host)))
    server.listen(port, host, resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  let closed: Promise<void> | undefined
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    port: taken,
    close(grace = CLOSE_GRACE) {
      closed ??= close(server, grace, () => {
        onClose()
        feeds.close()
      })
      return closed
    },
  }
}

function nodeServer(fetch: (request: Request, env: { outgoing: unknown }) => Promise<Response>): Server {
  const server: ServerType = createAdaptorServer({
    fetch,
    // An embedding platform keeps its own Request and Response.
    overrideGlobalObjects: false,
    serverOptions: {
      keepAliveTimeout: KEEP_ALIVE,
      // A large upload over a slow line takes as long as it takes; a silent one is ended by the idle time-out.
      requestTimeout: 0,
    },
  })
  if (!(server instanceof Server)) throw new TypeError('Expected a server for HTTP/1.1')
  server.setTimeout(SOCKET_IDLE)
  return server
}

async function close(server: Server, grace: number, onClose: () => void): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()))
  onClose()
  // Node closes idle connections on close(); one that becomes idle later would keep the server open until its
  // keep-alive is over, unless looked at again.
  const idle = setInterval(() => server.closeIdleConnections(), 50)
  const force = setTimeout(() => server.closeAllConnections(), grace)
  await ended
  clearInterval(idle)
  clearTimeout(force)
}

function listenProblem(error: NodeJS.ErrnoException, port: number, host: string): unknown {
  if (error.code === 'EADDRINUSE') {
    return new Problem({
      code: 'port-in-use',
      status: 500,
      title: `Port ${port} is in use`,
      detail: `Another program listens on ${host}:${port}.`,
      hint: 'Stop it, or choose another port with --port N (0 takes a free one).',
      extensions: { port },
      cause: error,
    })
  }
  if (error.code === 'EACCES') {
    return new Problem({
      code: 'port-forbidden',
      status: 500,
      title: `Port ${port} may not be used`,
      detail: `The system refuses to listen on ${host}:${port}.`,
      hint: 'Choose a port from 1024 up with --port N.',
      extensions: { port },
      cause: error,
    })
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') {
    return new Problem({
      code: 'host-unknown',
      status: 500,
      title: `This machine has no address ${host}`,
      detail: error.message,
      hint: 'Use 127.0.0.1, or 0.0.0.0 for every address of this machine.',
      cause: error,
    })
  }
  return error
}
