import type { Principal } from '../types.ts'

/**
 * Whoever starts the tasks of a schedule: nobody who could sign in, and no staff. It has the roles that the record or the
 * platform gives to its id.
 */
export function servicePrincipal(name: string): Principal {
  return { id: `service:${name}`, name, staff: false }
}
