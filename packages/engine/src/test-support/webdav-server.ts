import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StorageServer } from './s3-server.ts'
import { until } from './until.ts'

/** Whether `rclone`, whose WebDAV server the tests use, is on this machine. CI installs it. */
export function hasRclone(): boolean {
  try {
    execFileSync('rclone', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A real WebDAV server on a free port, which wants a password. */
export async function webdavServer(): Promise<StorageServer> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-webdav-'))
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const [username, password] = ['errand', 'only-for-tests']
  let running: ChildProcess | undefined
  const start = async () => {
    const args = ['serve', 'webdav', folder, '--addr', `127.0.0.1:${port}`, '--user', username, '--pass', password]
    const child = spawn('rclone', [...args, '--config', '/dev/null'], { stdio: 'ignore' })
    running = child
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`rclone has ended with ${child.exitCode}.`)
      return fetch(endpoint).then(
        () => true,
        () => false,
      )
    }, 'the WebDAV server')
  }
  const stop = async () => {
    const child = running
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
  await start()
  return {
    config: { scheme: 'webdav', endpoint, username, password, root: '/some/where' },
    start,
    stop,
    async close() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
