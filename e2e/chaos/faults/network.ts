import { execFile, execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Process } from '../processes.ts'
import { openRelay, type Relay } from '../relay.ts'
import type { Site } from '../site.ts'
import type { Fault } from './fault.ts'

const run = promisify(execFile)

/** Milliseconds: past the lease, so that the far worker's steps have gone to another. */
const LONG_CUT_MS = 18_000
/** Milliseconds: a hiccup, after which the worker goes on with what it has in hand. */
const SHORT_CUT_MS = 3_000

/** A worker behind a network that can be cut. It lives through all the cuts of its kind. */
function cutFault(kind: string, times: number, cut: (relay: Relay) => void, ms: number): Fault {
  let relay: Relay | undefined
  let worker: Process | undefined
  return {
    kind,
    times,
    async prepare(site) {
      relay = await openRelay({ host: '127.0.0.1', port: site.cluster.port })
      worker = site.worker({ url: site.url(`127.0.0.1:${relay.port}`) })
      await worker.ready
      return async () => {
        await worker?.kill()
        relay?.close()
      }
    },
    async inject(site) {
      if (worker === undefined || relay === undefined) return
      await site.busy(worker)
      cut(relay)
      site.lost(kind, worker, Date.now())
      await delay(ms)
      relay.heal()
      await provesItself(site, kind, worker)
    },
  }
}

/** After the cut the worker must come back by itself. */
async function provesItself(site: Site, kind: string, worker: Process): Promise<void> {
  const healed = Date.now()
  for (;;) {
    const workers = await site.client.workers().catch(() => [])
    const seen = workers.find(({ name }) => name === worker.name)
    if (seen !== undefined && Date.parse(seen.heartbeatAt) > healed) break
    if (!worker.running || Date.now() > healed + 60_000) {
      site.tally.wrong.push(`${kind}: ${worker.name} ${worker.running ? 'did not come back within 60 s' : 'ended'}`)
      return
    }
    await delay(250)
  }
  site.tally.row(kind).recoveries.push((Date.now() - healed) / 1_000)
}

const SPACE = 'errand-chaos'
const NEAR = '10.213.7.1'
const FAR = '10.213.7.2'

const ip = (...args: string[]) => run('ip', args)

/** A host of its own for a worker, as a network namespace with a cable to this one. */
async function makeHost(): Promise<void> {
  await removeHost()
  await ip('netns', 'add', SPACE)
  await ip('link', 'add', 'errand-near', 'type', 'veth', 'peer', 'name', 'errand-far', 'netns', SPACE)
  await ip('addr', 'add', `${NEAR}/30`, 'dev', 'errand-near')
  await ip('link', 'set', 'errand-near', 'up')
  await ip('-n', SPACE, 'addr', 'add', `${FAR}/30`, 'dev', 'errand-far')
  await ip('-n', SPACE, 'link', 'set', 'errand-far', 'up')
  await ip('-n', SPACE, 'link', 'set', 'lo', 'up')
}

async function removeHost(): Promise<void> {
  await ip('link', 'del', 'errand-near').catch(() => undefined)
  await ip('netns', 'del', SPACE).catch(() => undefined)
}

/** A run that is ended while the host is there takes it along. */
function removeHostAtExit(): void {
  try {
    execFileSync('ip', ['netns', 'del', SPACE], { stdio: 'ignore' })
  } catch {
    // It was gone already.
  }
}

let host: Process | undefined

const hosts: Fault = {
  kind: 'cable between two hosts pulled',
  times: 3,
  async unable() {
    if (process.getuid?.() !== 0) return 'only root can make a network namespace'
    try {
      await makeHost()
      await ip('netns', 'exec', SPACE, 'true')
      return undefined
    } catch (error) {
      return `no network namespace: ${error instanceof Error ? error.message.trim() : error}`
    } finally {
      await removeHost()
    }
  },
  async prepare(site) {
    process.once('exit', removeHostAtExit)
    await makeHost()
    const url = site.url(...site.ports.map((port) => `${NEAR}:${port}`))
    host = site.worker({ url, prefix: ['ip', 'netns', 'exec', SPACE] })
    await host.ready
    return async () => {
      await host?.kill()
      await removeHost()
      process.off('exit', removeHostAtExit)
    }
  },
  async inject(site, kind) {
    if (host === undefined) return
    await site.busy(host)
    await ip('link', 'set', 'errand-near', 'down')
    site.lost(kind, host, Date.now())
    await delay(LONG_CUT_MS)
    await ip('link', 'set', 'errand-near', 'up')
    await provesItself(site, kind, host)
  },
}

/** Short ones, which a worker goes on after. */
export const hiccups: Fault[] = [
  cutFault('connections of a worker broken', 20, (relay) => relay.drop(), SHORT_CUT_MS),
  cutFault('network of a worker silent, short', 10, (relay) => relay.freeze(), SHORT_CUT_MS),
]

/** Long ones, in which its steps go to another. */
export const cuts: Fault[] = [
  cutFault('network of a worker silent past its lease', 4, (relay) => relay.freeze(), LONG_CUT_MS),
  hosts,
]
