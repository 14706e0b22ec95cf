import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Action, actions, type Principal, policy, type Standing } from '@errand/engine'
import { artifact, defineTask } from '@errand/task'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { buildProgram } from '../../../cli/src/program.ts'
import { reportError } from '../../../cli/src/report-error.ts'
import { tokenAuthenticator } from '../http/token-authenticator.ts'
import { type ListeningServer, listenOver, type RealServer, realServer, worker } from '../testing/real-server.ts'

/**
 * Everybody × everything × every kind of task, as the policy table has it, through the engine, over HTTP and through the
 * command. What the table leaves to the definition is spelled out once more below: by a rule of this file, not by the code under test.
 */

// Some thousand questions, each over the database.
vi.setConfig({ testTimeout: 240_000 })

const starts = ['anyone', 'team', 'staff'] as const
const slots = ['owner', 'team', 'staff'] as const

const definitions = starts.map((start) =>
  defineTask({
    name: `matrix.${start}`,
    version: 1,
    title: `Started by ${start}`,
    input: z.object({ scope: z.string(), key: z.string().meta({ writeOnly: true }).default('s3cret') }),
    scope: ({ scope }) => `${scope}`,
    access: { start },
    artifacts: {
      owner: artifact({ visibility: 'owner' }),
      team: artifact({ visibility: 'team' }),
      staff: artifact({ visibility: 'staff' }),
    },
  }).step('make', {}, () => null),
)

const person = (id: string, staff = false): Principal => ({ id, name: id, staff })
const people = {
  owner: person('owner'),
  former: person('former'),
  team: person('team'),
  scopeStaff: person('scope-staff'),
  root: person('root', true),
  stranger: person('stranger'),
}
type Who = keyof typeof people
/** About what: the task of `owner` and that of `former` in a scope, and that of `other` in another scope. */
const subjects = ['own', 'former', 'other'] as const
type What = (typeof subjects)[number]

let folder: string
let server: RealServer
let http: ListeningServer
/** By definition and kind of task: its id, and its outputs by slot. */
const tasks = new Map<string, { id: string; outputs: Map<string, string> }>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-matrix-'))
  server = await realServer()
  const { engine } = server
  await engine.work.register(
    worker,
    definitions.map(({ shape }) => shape),
  )
  http = await listenOver(engine, {
    authenticate: tokenAuthenticator(Object.entries(people).map(([token, principal]) => ({ token, principal }))),
  })
  const record = engine.people.record
  const grant = (id: string, scope: string, role: 'team' | 'staff') => record.grant(id, { scope, role }, people.root)
  await grant('team', 'here', 'team')
  await grant('scope-staff', 'here', 'staff')
  await grant('other', 'there', 'staff')
  for (const start of starts) {
    // Nobody has more than the definition asks for, so that each stands for one thing.
    for (const id of ['owner', 'former']) {
      if (start !== 'anyone') await grant(id, 'here', start)
    }
    for (const [what, owner, scope] of [
      ['own', people.owner, 'here'],
      ['former', people.former, 'here'],
      ['other', person('other'), 'there'],
    ] as const) {
      const { task } = await engine.submit({ definition: `matrix.${start}`, input: { scope } }, owner)
      const claim = await server.claim(task.id)
      for (const slot of slots) {
        const sink = await engine.work.openArtifact(claim, slot, { filename: `${slot}.txt` })
        await sink.write(Buffer.from(slot))
        await sink.close()
      }
      await engine.work.complete(claim, null)
      const { artifacts } = await engine.getTask(task.id, people.root)
      tasks.set(`${start} ${what}`, { id: task.id, outputs: new Map(artifacts.map((one) => [one.slot, one.id])) })
    }
  }
  await record.withdraw('former', 'here', people.root)
}, 180_000)
afterAll(async () => {
  await http.listening.close(0)
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

/** What `who` is to the task: for a definition that anybody may start, an owner stays one. */
function standingOf(who: Who, what: What, start: (typeof starts)[number]): Standing[] {
  if (who === 'root') return ['staff']
  if (who === 'owner') return what === 'own' ? ['owner'] : what === 'former' ? [roleOfOwner(start)] : ['stranger']
  if (who === 'former') return what === 'former' ? [start === 'anyone' ? 'owner' : 'former-owner'] : ['stranger']
  if (what === 'other' || who === 'stranger') return ['stranger']
  return [who === 'team' ? 'team' : 'scope-staff']
}
// `owner` was given the strongest of the roles, for the definition that asks for it; grants replace each other.
const roleOfOwner = (_start: string): Standing => 'scope-staff'

function expected(action: Action, standings: Standing[], start: string, slot: string): boolean {
  return standings.some((standing) => {
    const rule = policy[action][standing]
    if (rule !== 'declared') return rule === 'yes'
    if (action === 'start') {
      return start === 'anyone' || standing === 'scope-staff' || (start === 'team' && standing === 'team')
    }
    if (action === 'view') return true
    return slot === 'team' || (slot === 'staff' && standing === 'scope-staff')
  })
}

type Answer = 'yes' | 'hidden' | 'refused'
interface Door {
  ask(action: Action, who: Who, task: { id: string; outputs: Map<string, string> }, slot: string): Promise<Answer>
}

const throughEngine: Door = {
  async ask(action, who, { id, outputs }, slot) {
    const { engine } = server
    const principal = people[who]
    const output = outputs.get(slot) ?? ''
    try {
      if (action === 'view') await engine.getTask(id, principal)
      if (action === 'view-input') {
        const { input } = await engine.getTask(id, principal)
        expect(input.key).toBe('•••')
        if (input.scope === '•••') return 'refused'
      }
      if (action === 'read-artifact') (await engine.openArtifact(output, principal)).body.resume()
      if (action === 'cancel') await engine.cancel(id, principal)
      if (action === 'retry') await engine.runAgain(id, principal)
      if (action === 'extend') await engine.extendArtifact(output, until(), principal)
      if (action === 'delete') await engine.deleteArtifact(output, principal)
      if (action === 'delete-task') await engine.deleteTask(id, principal)
      if (action === 'administer') await engine.status(principal)
      return 'yes'
    } catch (error) {
      return (error as { status?: number }).status === 404 ? 'hidden' : 'refused'
    }
  },
}

const overHttp: Door = {
  async ask(action, who, { id, outputs }, slot) {
    const ask = (path: string, method = 'GET', json?: unknown) =>
      fetch(`${http.url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${who}`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      })
    const output = outputs.get(slot) ?? ''
    const paths: Partial<Record<Action, [string, string?, unknown?]>> = {
      view: [`/tasks/${id}`],
      'view-input': [`/tasks/${id}`],
      'read-artifact': [`/artifacts/${output}/content`],
      cancel: [`/tasks/${id}/cancel`, 'POST'],
      retry: [`/tasks/${id}/retry`, 'POST'],
      extend: [`/artifacts/${output}/extend`, 'POST', { until: until().toISOString() }],
      delete: [`/artifacts/${output}`, 'DELETE'],
      'delete-task': [`/tasks/${id}`, 'DELETE'],
      administer: ['/status'],
    }
    const [path, method, json] = paths[action] ?? ['/nothing']
    const response = await ask(path, method, json)
    const body = await response.text()
    if (action === 'view-input' && response.ok) {
      const { input } = JSON.parse(body) as { input: { scope: string; key: string } }
      expect(input.key).toBe('•••')
      return input.scope === '•••' ? 'refused' : 'yes'
    }
    if (response.ok) return 'yes'
    return response.status === 404 ? 'hidden' : 'refused'
  },
}

/** The command without a process of its own: what it says, and its exit code. */
async function errand(who: Who, args: string[]): Promise<{ exit: number; said: string; printed: string }> {
  const { program, running } = buildProgram()
  let printed = ''
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
  vi.stubEnv('ERRAND_TOKEN', who)
  try {
    await program.parseAsync(['node', 'errand', ...args, '--server', http.url, '--json'])
    return { exit: 0, said: '', printed }
  } catch (error) {
    const { exit, text } = reportError(error, running())
    return { exit, said: text, printed }
  } finally {
    stdout.mockRestore()
    vi.unstubAllEnvs()
  }
}

const throughCommand: Door = {
  async ask(action, who, { id, outputs }, slot) {
    const output = outputs.get(slot) ?? ''
    const commands: Partial<Record<Action, string[]>> = {
      view: ['show', id],
      'view-input': ['show', id],
      'read-artifact': ['download', id, slot, '-o', join(folder, slot), '--force'],
      cancel: ['cancel', id],
      retry: ['retry', id],
      extend: ['artifacts', 'extend', output, '--days', String(Math.ceil(days) + 1)],
      delete: ['artifacts', 'rm', output],
      'delete-task': ['delete', id],
      administer: ['retention', 'preview'],
    }
    const { exit, printed, said } = await errand(who, commands[action] ?? [])
    if (action === 'view-input' && exit === 0) {
      const { input } = JSON.parse(printed) as { input: { scope: string; key: string } }
      expect(input.key).toBe('•••')
      return input.scope === '•••' ? 'refused' : 'yes'
    }
    if (exit === 0) return 'yes'
    if (exit === 77) return 'refused'
    expect(said).toMatch(/There is no such|the task has no file|the task has made no files/)
    return 'hidden'
  },
}

/** A little later each time: a file is never kept for less than it was. */
let days = 400
const until = () => {
  days += 0.001
  return new Date(Date.now() + days * 86_400_000)
}

const aboutOutputs: readonly Action[] = ['read-artifact', 'extend', 'delete']
const asked = actions.filter((action) => action !== 'start' && action !== 'delete-task')
const doors = [
  ['the engine', throughEngine],
  ['HTTP', overHttp],
  ['the command', throughCommand],
] as const
// What takes something away comes last: everybody has asked for everything else by then.
const questions = [
  ...doors.flatMap(([name, door]) =>
    asked.filter((action) => action !== 'delete').map((action) => [action, name, door] as const),
  ),
  ...doors.map(([name, door]) => ['delete', name, door] as const),
]

describe('the policy table', () => {
  test.each(questions)('%s through %s: everybody, about every task', async (action, _name, door) => {
    for (const start of starts) {
      for (const what of subjects) {
        const task = tasks.get(`${start} ${what}`)
        if (task === undefined) throw new Error('unreachable')
        for (const who of Object.keys(people) as Who[]) {
          const standings = standingOf(who, what, start)
          for (const slot of aboutOutputs.includes(action) ? slots : ['owner']) {
            const seen = expected('view', standings, start, slot)
            const allowed = expected(action, standings, start, slot)
            const readable = expected('read-artifact', standings, start, slot)
            const answer = await door.ask(action, who, task, slot)
            const about = `${who} (${standings}) ${action} ${slot} of ${start} ${what}`
            if (allowed) expect(answer, about).toBe('yes')
            else if (action === 'administer') expect(answer, about).toBe('refused')
            else if (!seen || (aboutOutputs.includes(action) && !readable)) expect(answer, about).toBe('hidden')
            else expect(answer, about).toBe('refused')
          }
        }
      }
    }
  })

  test.each(doors)('delete-task through %s: everybody, about every task', async (_name, door) => {
    const { engine } = server
    for (const start of starts) {
      for (const [what, owner] of [
        ['own', people.owner],
        ['former', people.former],
        ['other', person('other')],
      ] as const) {
        const make = async () => {
          if (what === 'former' && start !== 'anyone') {
            await engine.people.record.grant('former', { scope: 'here', role: 'staff' }, people.root)
          }
          const scope = what === 'other' ? 'there' : 'here'
          const { id } = (await engine.submit({ definition: `matrix.${start}`, input: { scope } }, owner)).task
          await engine.cancel(id, owner)
          if (what === 'former') await engine.people.record.withdraw('former', 'here', people.root)
          return { id, outputs: new Map<string, string>() }
        }
        let task = await make()
        for (const who of Object.keys(people) as Who[]) {
          const standings = standingOf(who, what, start)
          const answer = await door.ask('delete-task', who, task, '')
          const about = `${who} (${standings}) delete-task of ${start} ${what}`
          if (expected('delete-task', standings, start, '')) {
            expect(answer, about).toBe('yes')
            task = await make()
          } else expect(answer, about).toBe(expected('view', standings, start, '') ? 'refused' : 'hidden')
        }
        await engine.deleteTask(task.id, people.root)
      }
    }
  })

  test('lists show exactly what may be viewed', async () => {
    for (const who of Object.keys(people) as Who[]) {
      const ids = new Set((await server.engine.listTasks({ limit: 200 }, people[who])).tasks.map(({ id }) => id))
      for (const start of starts) {
        for (const what of subjects) {
          const id = tasks.get(`${start} ${what}`)?.id ?? ''
          const seen = expected('view', standingOf(who, what, start), start, 'owner')
          expect(ids.has(id), `${who} lists ${start} ${what}`).toBe(seen)
        }
      }
    }
  })
})

test('start: whoever has the role, in the scope that the input names, and in no other', async () => {
  const roles: Record<Who, Standing> = {
    owner: 'scope-staff',
    former: 'stranger',
    team: 'team',
    scopeStaff: 'scope-staff',
    root: 'staff',
    stranger: 'stranger',
  }
  for (const start of starts) {
    for (const scope of ['here', 'there', 'here\u0000there', ' here', 'HERE']) {
      for (const who of Object.keys(people) as Who[]) {
        const standing = scope === 'here' || who === 'root' ? roles[who] : 'stranger'
        const response = await fetch(`${http.url}/api/v1/tasks`, {
          method: 'POST',
          headers: { authorization: `Bearer ${who}`, 'content-type': 'application/json' },
          body: JSON.stringify({ definition: `matrix.${start}`, input: { scope } }),
        })
        await response.body?.cancel()
        const allowed = expected('start', [standing], start, '')
        if (scope.includes('\u0000')) expect(response.status).toBe(422)
        else expect(response.status, `${who} starts matrix.${start} for ${scope}`).toBe(allowed ? 202 : 403)
      }
    }
  }
})
