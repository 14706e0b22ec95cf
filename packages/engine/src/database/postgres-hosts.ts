import { Problem } from '../problem.ts'

/** The servers that a `DATABASE_URL` names: one address each, all with the same account, database and options. */
export interface PostgresHosts {
  /** In the order they are tried. */
  urls: readonly [string, ...string[]]
  /** Whether a server has to accept writes to be chosen. */
  writable: boolean
}

/** Scheme and account; the hosts; path and options. An `@` in a password is percent-encoded, as in every URL. */
const FORM = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^@/?#]*)([/?#].*)?$/i
/** What libpq calls them. Errand writes with every connection, so a server that takes no writes is of no use to it. */
const WRITING = ['read-write', 'primary']

/**
 * Reads a connection string as libpq does: several hosts with commas between, each with a port of its own.
 * `target_session_attrs` is `read-write` where there are several; `primary` means the same here.
 *
 * @throws {Problem} `database-url-invalid`, without the password
 * @example
 * ```ts
 * parseHosts('postgres://errand:secret@db1:5432,db2:5432/errand')
 * // { urls: ['postgres://errand:secret@db1:5432/errand', 'postgres://errand:secret@db2:5432/errand'], writable: true }
 * ```
 */
export function parseHosts(url: string): PostgresHosts {
  const [, start, hosts, rest = ''] = FORM.exec(url) ?? []
  if (start === undefined || hosts === undefined) throw invalid('It does not begin with postgres:// and a host.')
  const urls = hosts.split(',').map((host) => withoutTarget(`${start}${host}${rest}`))
  const [first, ...others] = urls
  if (first === undefined) throw invalid('It names no host.')
  const target = new URL(`${start}localhost${rest}`).searchParams.get('target_session_attrs')
  if (target !== null && target !== 'any' && !WRITING.includes(target)) {
    throw invalid(`target_session_attrs is ${target}; Errand needs a server that it can write to: read-write, or any.`)
  }
  return { urls: [first, ...others], writable: target === null ? others.length > 0 : target !== 'any' }
}

/** The option is ours to follow; the driver does not know it. */
function withoutTarget(text: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw invalid('One of its hosts, or its port, is not valid.')
  }
  url.searchParams.delete('target_session_attrs')
  return url.href
}

function invalid(detail: string): Problem {
  return new Problem({
    code: 'database-url-invalid',
    status: 503,
    title: 'DATABASE_URL is not valid',
    detail,
    hint: 'Write postgres://ACCOUNT:PASSWORD@HOST:PORT/DATABASE; several servers as HOST:PORT,HOST:PORT.',
  })
}
