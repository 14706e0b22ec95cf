import type { Principal } from '@errand/engine'

/**
 * Who is signed in, by the session in their cookie. Your platform has this already, in a database: what Errand wants of it
 * is an id, a name, whether they run the platform, and which roles they have in which courses.
 */
const sessions = new Map<string, Principal>([
  ['session-of-ada', { id: 'ada', name: 'Ada', staff: false, roles: [{ scope: 'course:logic', role: 'staff' }] }],
])

/** Who sends a request, or `null` for nobody. It is asked for each request, so that who signs out is out at once. */
export function whoAsks(request: Request): Principal | null {
  const [, session] = /(?:^|;\s*)session=([^;]*)/.exec(request.headers.get('cookie') ?? '') ?? []
  return sessions.get(session ?? '') ?? null
}
