import { Socket } from 'node:net'
import pg from 'pg'
import { defaults } from '../config.ts'
import { type PostgresHosts, parseHosts } from './postgres-hosts.ts'

/** How a connection behaves when the other side is slow or silent. Milliseconds; a limit that is left out is none. */
export interface ConnectionLimits {
  /** Nothing heard and nothing sent for so long: the connection is given up. Also while a query is awaited. */
  silence?: number
  /** The server ends a statement that takes longer. */
  statement?: number
}

/** What the driver is told, for a pool or for one client. */
export interface ConnectionConfig {
  Client: typeof pg.Client
  connectionString: string
  application_name: string
  connectionTimeoutMillis: number
  keepAlive: boolean
  keepAliveInitialDelayMillis: number
  idle_in_transaction_session_timeout: number
  statement_timeout?: number
  stream?: () => Socket
}

/**
 * Everything that makes a connection to PostgreSQL, for a pool or for one client: where it goes, and that none of it
 * can hang for ever. Made once for each URL, as its connections share which server was last found to accept writes.
 */
export interface PostgresAccess {
  config(name: string, limits: ConnectionLimits): ConnectionConfig
  /** One connection of its own, not connected yet. */
  client(name: string, limits: ConnectionLimits): pg.Client
}

/** @throws {Problem} `database-url-invalid` */
export function accessPostgres(url: string): PostgresAccess {
  const hosts = parseHosts(url)
  const Client = hosts.writable ? clientToWritable(hosts) : pg.Client
  const config: PostgresAccess['config'] = (name, { silence, statement }) => ({
    Client,
    connectionString: hosts.urls[0],
    application_name: name,
    connectionTimeoutMillis: defaults.connectTimeout,
    keepAlive: true,
    keepAliveInitialDelayMillis: defaults.keepAliveDelay,
    // A holder that is cut off must not keep its rows locked: the server ends its transaction by itself.
    idle_in_transaction_session_timeout: defaults.idleTransactionTimeout,
    ...(statement === undefined ? {} : { statement_timeout: statement }),
    ...(silence === undefined ? {} : { stream: () => watchedSocket(silence) }),
  })
  return { config, client: (name, limits) => new Client(config(name, limits)) }
}

/**
 * Not `query_timeout`, which ends the wait and leaves the connection to the next caller, who then waits behind the
 * query that was never answered. This one breaks the connection, and everything that waits on it hears so.
 */
function watchedSocket(silence: number): Socket {
  const socket = new Socket()
  // Not before: a client whose server was not found never connects, and nobody listens to its socket's errors. What takes
  // long until here ends with the time that a connection may take.
  socket.once('connect', () => {
    socket.setTimeout(silence, () => socket.destroy(new Error(`The database said nothing for ${silence / 1_000} s.`)))
  })
  return socket
}

/**
 * Connects to the first server that accepts writes, as libpq does with `target_session_attrs=read-write`: after a
 * failover the new primary is found by whoever connects next.
 */
function clientToWritable({ urls }: PostgresHosts): typeof pg.Client {
  let last: string | undefined
  let looking: Promise<Address> | undefined
  const find = async (): Promise<Address> => {
    const tried: string[] = []
    // Where it was last time, most likely it still is.
    for (const url of [...urls].sort((a, b) => Number(b === last) - Number(a === last))) {
      try {
        const found = await addressIfWritable(url)
        last = url
        return found
      } catch (error) {
        tried.push(`${new URL(url).host}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    throw Object.assign(new Error(`No database server accepts writes (${tried.join('; ')})`), { code: NO_PRIMARY })
  }
  return class WritableClient extends pg.Client {
    override connect(): Promise<pg.Client>
    override connect(callback: ((error: Error) => void) | ((error: null, client: pg.Client) => void)): void
    override connect(callback?: (...answer: [error: never, client: never]) => void): Promise<pg.Client> | undefined {
      // Those who connect at one moment look once.
      looking ??= find().finally(() => {
        looking = undefined
      })
      const connected = looking.then((address) => {
        Object.assign(this, address)
        return super.connect()
      })
      if (callback === undefined) return connected
      const answer = callback as (error: unknown, client?: pg.Client) => void
      connected.then(
        (client) => answer(null, client),
        (error: unknown) => answer(error),
      )
      return undefined
    }
  }
}

/** The code of the error that says so, as the class of SQLSTATE for connections. */
export const NO_PRIMARY = '08001'

interface Address {
  host: string
  port: number
}

async function addressIfWritable(url: string): Promise<Address> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'errand-look',
    connectionTimeoutMillis: defaults.lookTimeout,
    stream: () => watchedSocket(defaults.lookTimeout),
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ transaction_read_only: string }>('SHOW transaction_read_only')
    if (rows[0]?.transaction_read_only !== 'off') throw new Error('it accepts no writes')
    return { host: client.host, port: client.port }
  } finally {
    client.end().catch(() => undefined)
  }
}
