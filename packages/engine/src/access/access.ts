import type { DefinitionShape, Visibility } from '@errand/task'
import { Problem } from '../problem.ts'
import type { Grant, Principal } from '../types.ts'
import { type Action, policy, type Standing } from './policy-table.ts'
import type { RoleMap, Roles } from './roles.ts'

/** What a question is about. */
export interface Subject {
  task: { owner: string; scope: string }
  shape: DefinitionShape
  /** Of the output, where it is about one. */
  visibility?: Visibility
}

const grantOf: Readonly<Record<Action, Grant>> = {
  start: 'write',
  view: 'read',
  'view-input': 'read',
  'read-artifact': 'read',
  cancel: 'write',
  retry: 'write',
  extend: 'write',
  delete: 'write',
  'delete-task': 'write',
  administer: 'administer',
}

/** What one person may, for as long as one request takes: their roles are asked for once, and only where they matter. */
export interface Rights {
  may(action: Action, subject: Subject): Promise<boolean>
}

/** Which tasks somebody may see: all, none, or their own and those about what they have a role in. */
export type Sight = 'all' | 'none' | { owner: string; scopes: readonly string[]; teamScopes: readonly string[] }

/** Asks the policy: the one place in which it is decided who may do what. */
export class Access {
  readonly roles: Roles

  constructor(roles: Roles) {
    this.roles = roles
  }

  may(who: Principal, action: Action, subject: Subject): Promise<boolean> {
    return this.#may(who, action, subject, () => this.roles.of(who))
  }

  /** For several questions of one request. */
  rightsOf(who: Principal): Rights {
    let roles: Promise<RoleMap> | undefined
    const known = () => {
      roles ??= this.roles.of(who)
      return roles
    }
    return { may: (action, subject) => this.#may(who, action, subject, known) }
  }

  /** Those of many people who may, with one look at the record for all of them, and what else they may there. */
  async among<Who extends Principal>(
    people: readonly Who[],
    action: Action,
    subject: Subject,
  ): Promise<{ who: Who; rights: Rights }[]> {
    const { owner, scope } = subject.task
    const roles = await this.roles.inScope(scope, people)
    const forAll = decide(action, ['stranger'], subject)
    const found: { who: Who; rights: Rights }[] = []
    for (const who of people) {
      const role = roles.get(who)
      // Of thousands, almost all are strangers to it.
      if (!forAll && !who.staff && who.id !== owner && role === undefined) continue
      const known = Promise.resolve(new Map(role === undefined ? [] : [[scope, role]]))
      const rights: Rights = { may: (asked, about) => this.#may(who, asked, about, () => known) }
      if (await rights.may(action, subject)) found.push({ who, rights })
    }
    return found
  }

  async #may(who: Principal, action: Action, subject: Subject, roles: () => Promise<RoleMap>): Promise<boolean> {
    if (!granted(who, action)) return false
    // The record is asked for roles only where they matter.
    if (who.staff) return decide(action, ['staff'], subject)
    if (isOpen(subject) && who.id === subject.task.owner && decide(action, ['owner'], subject)) return true
    // What strangers may, everybody may: starting what anyone may start is the most frequent question of all.
    if (decide(action, ['stranger'], subject)) return true
    return decide(action, standingsOf(who, await roles(), subject, action), subject)
  }

  /** @throws {Problem} `start-forbidden`, naming what about */
  async assertMayStart(who: Principal, shape: DefinitionShape, scope: string): Promise<void> {
    if (await this.may(who, 'start', { task: { owner: '', scope }, shape })) return
    throw new Problem({
      code: 'start-forbidden',
      status: 403,
      title: `You may not start ${shape.title}${scope === '' ? '' : ` for ${scope}`}`,
      detail: granted(who, 'start') ? startNeeds(shape) : 'The token is not made for starting tasks.',
      hint: granted(who, 'start')
        ? 'Ask a member of the staff for the role, or to start it.'
        : 'Use a token with the grant "write".',
    })
  }

  /** Which tasks somebody may see, for queries: narrowed where they are, not afterwards. */
  async sight(who: Principal): Promise<Sight> {
    if (!granted(who, 'view')) return 'none'
    if (who.staff) return 'all'
    const roles = [...(await this.roles.of(who))]
    const scopes = (wanted: string) => roles.filter(([, role]) => role === wanted).map(([scope]) => scope)
    return { owner: who.id, scopes: scopes('staff'), teamScopes: scopes('team') }
  }
}

/** @throws {Problem} `forbidden` */
export function assertAdministrator(who: Principal, what: string): void {
  if (who.staff && granted(who, 'administer')) return
  throw forbidden(what)
}

/** @throws {Problem} `forbidden`, where the token is not made for it */
export function assertGranted(who: Principal, grant: Grant, what: string): void {
  if (who.grants?.includes(grant) === false) throw forbidden(what)
}

export function forbidden(what: string): Problem {
  return new Problem({
    code: 'forbidden',
    status: 403,
    title: `You may not ${what}`,
    hint: 'Ask a member of the platform staff.',
  })
}

function granted(who: Principal, action: Action): boolean {
  return who.grants?.includes(grantOf[action]) ?? true
}

/** Everything that somebody is to a task. A former owner may be of the team still. */
export function standingsOf(
  who: Pick<Principal, 'id' | 'staff'>,
  roles: RoleMap,
  { shape, task }: Subject,
  action: Action,
): Standing[] {
  const role = roles.get(task.scope)
  const byRole: Standing = who.staff
    ? 'staff'
    : role === 'staff'
      ? 'scope-staff'
      : role === 'team'
        ? 'team'
        : 'stranger'
  if (who.id !== task.owner || action === 'start') return [byRole]
  const entitled = decide('start', [byRole], { task, shape })
  return [entitled ? 'owner' : 'former-owner', byRole]
}

/** What the table says, and where that leaves it to the definition, what the definition says. */
function decide(action: Action, standings: readonly Standing[], subject: Subject): boolean {
  return standings.some((standing) => {
    const rule = policy[action][standing]
    return rule === 'declared' ? declared(action, standing, subject) : rule === 'yes'
  })
}

function declared(action: Action, standing: Standing, { shape, visibility }: Subject): boolean {
  if (action === 'start') {
    const start = shape.access?.start ?? 'anyone'
    return start === 'anyone' || standing === 'scope-staff' || (start === 'team' && standing === 'team')
  }
  if (action === 'view') return Object.values(shape.artifacts).some((slot) => slot.visibility === 'team')
  return visibility === 'team' || (visibility === 'staff' && standing === 'scope-staff')
}

/** Whether whoever started it owns it for good. */
function isOpen({ shape }: Subject): boolean {
  return (shape.access?.start ?? 'anyone') === 'anyone'
}

function startNeeds(shape: DefinitionShape): string {
  return shape.access?.start === 'staff'
    ? 'It takes a role of staff there.'
    : 'It takes to be a member of the team there.'
}
