import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'

/**
 * The house's import rules (ARCHITECTURE.md, "Floors"), as a check: an import only ever goes down, a pack knows
 * `@errand/task` alone, and some libraries belong to one room.
 *
 *     node scripts/check-imports.ts
 */

/** For each package, the packages of ours that its code may import. Tests may import more. */
const allowed: Record<string, readonly string[]> = {
  task: [],
  engine: ['task'],
  worker: ['task', 'engine'],
  server: ['task', 'engine'],
  client: [],
  // Stands before the server, as a platform's own code would, and is added to it by whoever starts it.
  studio: ['task', 'engine', 'server'],
  web: ['client', 'task'],
  testing: ['task', 'engine', 'worker'],
  cli: ['task', 'engine', 'worker', 'server', 'studio', 'client', 'web', 'course', 'grade-report'],
}
const packAllowed = ['task']
const packTestAllowed = ['task', 'testing']

/** Libraries that only one room may know. */
const rooms: { library: string; inside: RegExp }[] = [
  { library: 'pg-boss', inside: /^packages\/engine\/src\/dispatch\// },
  { library: 'opendal', inside: /^packages\/engine\/src\/storage\// },
  { library: 'nodemailer', inside: /^packages\/engine\/src\/notifications\// },
  { library: 'standardwebhooks', inside: /^packages\/engine\/src\/notifications\// },
  { library: '@electric-sql/pglite', inside: /^packages\/engine\/src\/database\// },
]

/** Rooms of the engine, each with the rooms it may import. */
const engineRooms: Record<string, readonly string[]> = {
  database: [],
  storage: [],
  dispatch: ['database'],
  events: ['database'],
  access: ['database'],
  catalog: ['database', 'dispatch'],
  uploads: ['database', 'storage', 'access'],
  artifacts: ['database', 'storage', 'access'],
  'fan-out': ['database', 'storage', 'artifacts', 'uploads', 'dispatch', 'events', 'catalog'],
  notifications: ['database', 'events', 'access'],
  tasks: ['database', 'catalog', 'dispatch', 'events', 'access', 'artifacts', 'uploads', 'fan-out', 'notifications'],
  schedules: ['database', 'access', 'tasks'],
  retention: ['database', 'artifacts', 'tasks', 'uploads', 'storage'],
}

/** What is wrong with the imports of one file. */
export function wrongImports(path: string, source: string): string[] {
  const found: string[] = []
  const isTest = /\.test\.tsx?$|\/test\/|\/test-support\//.test(path)
  for (const [, specifier = ''] of source.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
    const [, kind, name = ''] = /^(packages|packs)\/([^/]+)\//.exec(path) ?? []
    const ours = /^@errand\/([^/]+)/.exec(specifier)?.[1]
    if (ours !== undefined && ours !== name) {
      const may = kind === 'packs' ? (isTest ? packTestAllowed : packAllowed) : (allowed[name] ?? [])
      if (!may.includes(ours) && !(isTest && kind === 'packages')) found.push(`${path}: may not import ${specifier}`)
    }
    if (kind === 'packages' && !isTest) {
      for (const { library, inside } of rooms) {
        if ((specifier === library || specifier.startsWith(`${library}/`)) && !inside.test(path)) {
          found.push(`${path}: only ${inside.source.slice(1).replaceAll('\\', '')} may import ${library}`)
        }
      }
    }
    const room = /^packages\/engine\/src\/([^/]+)\//.exec(path)?.[1]
    const target = /^\.\.\/([^./]+)\//.exec(specifier)?.[1]
    if (room !== undefined && target !== undefined && !isTest && engineRooms[room] !== undefined) {
      if (!engineRooms[room].includes(target)) found.push(`${path}: the room ${room} may not import the room ${target}`)
    }
    if (specifier.startsWith('.') && !/\.(ts|tsx|js|json|css)$/.test(specifier)) {
      found.push(`${path}: ${specifier} must end in .ts`)
    }
  }
  return found
}

if (import.meta.main) {
  const wrong: string[] = []
  for await (const path of glob(['packages/*/src/**/*.{ts,tsx}', 'packs/*/src/**/*.ts', 'packages/*/test/**/*.ts'])) {
    wrong.push(...wrongImports(path, readFileSync(path, 'utf8')))
  }
  for (const line of wrong) console.error(line)
  if (wrong.length > 0) process.exit(1)
  console.log('imports: every one goes down')
}
