import { Problem } from '../problem.ts'

/** Of the network, while connecting or later. */
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
])

/**
 * SQLSTATE: 08 is connections, 57P01 to 57P05 a server that is stopping or starting, 57014 a statement over its time,
 * 53300 too many connections, 25P03 a transaction that stood still, 25006 a primary that has become a standby.
 */
const STATES = /^(08...|57P0[1-5]|57014|53300|25P03|25006)$/

/** What the driver says without a code. */
const WORDS =
  /^(Connection terminated|Client has encountered a connection error|timeout (exceeded|expired)|The database said nothing)/

/**
 * Whether an error means that the database cannot be reached, or has no time: the same request may go well a little
 * later. Whether what was asked has happened is not known.
 */
export function isDatabaseAway(error: unknown): boolean {
  for (let each = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth++) {
    if (WORDS.test(each.message)) return true
    const code = 'code' in each && typeof each.code === 'string' ? each.code : ''
    if (NETWORK.has(code) || STATES.test(code)) return true
    // Of a host name with several addresses, all of which failed.
    if (each instanceof AggregateError && each.errors.some(isDatabaseAway)) return true
  }
  return false
}

/** What a user is told then. */
export function databaseAway(cause: unknown): Problem {
  return new Problem({
    code: 'database-unreachable',
    status: 503,
    title: 'The database does not answer',
    detail: 'The service cannot look into its record right now.',
    hint: 'Nothing is lost. Try again in some seconds.',
    cause,
  })
}
