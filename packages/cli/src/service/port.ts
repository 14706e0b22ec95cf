import { createServer } from 'node:net'
import { CliError } from '../cli-error.ts'

/**
 * Tells at once what the server would only find out after the database is open, which takes seconds the first time.
 * What comes between this and then, the server tells.
 *
 * @throws {CliError} when another program listens there
 */
export async function assertPortFree(port: number, host: string): Promise<void> {
  if (port === 0) return
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(inUse(port, host))
      // Whatever else is wrong with the address, the server explains.
      else resolve()
    })
    probe.listen(port, host, resolve)
  })
  await new Promise<void>((resolve) => probe.close(() => resolve()))
}

function inUse(port: number, host: string): CliError {
  return new CliError(`Port ${port} is in use: another program listens on ${host}:${port}`, {
    hint: 'Stop it, or choose another port with --port N (0 takes a free one).',
  })
}
