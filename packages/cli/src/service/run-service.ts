import { createServer, type Delivery, type Listening } from '@errand/server'
import { studioDoor } from '@errand/studio'
import { createWorker } from '@errand/worker'
import type { Logger } from 'pino'
import { CliError } from '../cli-error.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { exitCode } from '../exit-codes.ts'
import { removeLocalServer, writeLocalServer } from '../folder/local-file.ts'
import type { ServiceOptions } from '../options.ts'
import { administrator, administratorAccess } from './administrator.ts'
import { Closing } from './closing.ts'
import { holdFolder, tryHoldFolder } from './hold-folder.ts'
import { identityOf } from './identity.ts'
import { createLogger } from './logger.ts'
import { openEngine } from './open-engine.ts'
import { packsToRun } from './packs.ts'
import { assertPortFree } from './port.ts'
import { aborted, stopSignal } from './stop-signal.ts'
import { startTelemetry } from './telemetry.ts'
import { webApp } from './web-app.ts'

/** What one process does: `serve` does both, `server` and `worker` one each. */
export interface ServiceParts {
  command: 'serve' | 'server' | 'worker'
  options: ServiceOptions & { port?: number; host?: string; concurrency?: number; name?: string }
  /** As named on the command line. */
  packs: readonly string[]
}

/**
 * Runs a server, a worker or both until SIGINT or SIGTERM, then hands everything back: no new work is taken, steps in
 * hand get their time, and what does not end goes to another worker or waits for the next start.
 *
 * @throws whatever keeps it from starting, after all that was opened is closed again
 */
export async function runService(parts: ServiceParts): Promise<void> {
  const { command, options } = parts
  const { data, port, host, concurrency, logLevel } = options
  const { config } = await loadConfig({
    cwd: process.cwd(),
    environment: process.env,
    file: options.config,
    flags: { data, port, host, concurrency, logLevel },
  })
  if (command !== 'serve' && config.database === undefined) throw needsPostgres(command)
  const logger = createLogger(config.logLevel, options.json === true)
  const stop = stopSignal(() => {
    logger.info('stopping: steps in hand may finish')
    if (process.stderr.isTTY)
      process.stderr.write('Stopping: steps in hand may finish. Ctrl-C again ends it at once.\n')
  })
  const closing = new Closing()
  try {
    await start(parts, config, logger, closing, stop.signal)
    await aborted(stop.signal)
  } finally {
    try {
      await closing.run()
    } finally {
      stop.release()
    }
  }
}

async function start(
  parts: ServiceParts,
  config: Config,
  logger: Logger,
  closing: Closing,
  stopping: AbortSignal,
): Promise<void> {
  const { command, options } = parts
  if (command !== 'worker') await assertPortFree(config.port, config.host)
  const release = command === 'serve' ? await holdFolder(config.data) : await tryHold(command, config.data)
  if (release !== undefined) closing.add(release)
  // Ends after all that makes spans. A collector that is away must not keep the service from ending.
  const endTelemetry = await startTelemetry(process.env, command)
  if (endTelemetry !== undefined)
    closing.add(() => endTelemetry().catch((error: unknown) => logger.warn({ err: error }, 'spans could not be sent')))

  const engine = await openEngine(config, logger)
  closing.add(() => engine.close())

  let listening: Listening | undefined
  let token = ''
  if (command !== 'worker') {
    const access = administratorAccess(process.env)
    token = access.token
    const limit = config.maxUploadSize === undefined ? {} : { uploadLimit: config.maxUploadSize }
    const server = createServer({
      engine,
      authenticate: await identityOf(config, engine, access.authenticate),
      logger,
      delivery: deliveryOf(config),
      doors: config.studio === undefined ? [] : [studioDoor(config.studio)],
      ...limit,
      ...(await webApp(logger)),
    })
    // Before the worker is warm, so that watchers of a server that restarts find it soon.
    const open = await server.listen({ port: config.port, host: config.host })
    closing.add(() => open.close())
    listening = open
  }

  let serves: readonly string[] = []
  if (command !== 'server') {
    const worker = await createWorker({
      engine,
      packs: packsToRun(parts.packs, config),
      dataDir: config.data,
      logger,
      ...(config.concurrency === undefined ? {} : { concurrency: config.concurrency }),
      ...(options.name === undefined ? {} : { name: options.name }),
    })
    closing.add(() => worker.stop({ graceMs: config.stopGrace * 1_000 }))
    await worker.start()
    serves = worker.definitions.map((shape) => `${shape.name}@${shape.version}`)
  }
  if (stopping.aborted) return

  if (listening !== undefined && release !== undefined) {
    await writeLocalServer(config.data, { address: localAddress(listening), token, pid: process.pid })
    closing.add(() => removeLocalServer(config.data, process.pid))
  }
  const signIn =
    listening === undefined || command !== 'serve'
      ? undefined
      : `${localAddress(listening)}/sign-in#${await engine.people.signIn.createLink(administrator)}`
  announce(parts, config, { listening, serves, local: release !== undefined, signIn })
}

function deliveryOf({ accelPrefix, delivery }: Config): Delivery {
  return delivery === 'x-accel' ? { by: delivery, prefix: accelPrefix } : { by: delivery }
}

/** A second `server` of one folder is as good as the first, but local.json tells of one alone. */
async function tryHold(command: 'server' | 'worker', data: string): Promise<(() => void) | undefined> {
  if (command === 'server') return tryHoldFolder(data)
  return undefined
}

/** Where this machine reaches a server that listens on every address. */
function localAddress(listening: Listening): string {
  const url = new URL(listening.url)
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1'
  if (url.hostname === '[::]') url.hostname = '[::1]'
  return url.origin
}

interface Ready {
  listening: Listening | undefined
  serves: readonly string[]
  /** Whether local.json tells of this server. */
  local: boolean
  /** Signs the administrator in, once. */
  signIn: string | undefined
}

function announce(parts: ServiceParts, config: Config, ready: Ready): void {
  const { listening, serves } = ready
  if (parts.options.json) {
    process.stdout.write(
      `${JSON.stringify({ address: listening?.url ?? null, data: config.data, serves, pid: process.pid, signIn: ready.signIn ?? null })}\n`,
    )
    return
  }
  const lines = [
    ...(listening === undefined ? [] : [`Listening on ${listening.url}`]),
    ...(ready.signIn === undefined ? [] : [`Sign in, once: ${ready.signIn}`]),
    ...(serves.length === 0 ? [] : [`Serving ${serves.join(', ')}`]),
    `Data folder ${config.data}, database ${config.database === undefined ? 'embedded in it' : databaseName(config.database)}`,
  ]
  if (listening !== undefined) {
    const data = parts.options.data === undefined ? '' : ` --data ${parts.options.data}`
    lines.push(
      ready.local
        ? `To go on, in another terminal: errand definitions${data}`
        : 'Another server of this folder is in its local.json; reach this one with ERRAND_SERVER and ERRAND_TOKEN.',
    )
  }
  lines.push('Ctrl-C stops it; tasks go on with the next start.')
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** Hosts and name, without the account and the options. Several hosts are no URL that `URL` reads. */
function databaseName(url: string): string {
  return url.replace(/^[a-z]+:\/\/(?:[^@/?#]*@)?/i, '').replace(/[?#].*$/, '')
}

function needsPostgres(command: string): CliError {
  return new CliError(`errand ${command} needs a PostgreSQL database`, {
    hint: 'Set DATABASE_URL=postgres://…, or use errand serve, which brings its own.',
    exit: exitCode.configuration,
  })
}
