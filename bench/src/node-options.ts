import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Options of Node for each kind of process. */
export interface NodeOptions {
  server: readonly string[]
  worker: readonly string[]
}

/** How `deploy/` starts Node, as its units for systemd say. */
export async function deployedOptions(): Promise<NodeOptions> {
  const [server, worker] = await Promise.all([optionsIn('errand-server.service'), optionsIn('errand-worker@.service')])
  return { server, worker }
}

async function optionsIn(unit: string): Promise<string[]> {
  const path = fileURLToPath(new URL(`../../deploy/systemd/${unit}`, import.meta.url))
  const [, options] = /^Environment="?NODE_OPTIONS=([^"\n]*)/m.exec(await readFile(path, 'utf8')) ?? []
  if (options === undefined) throw new Error(`${unit} does not set NODE_OPTIONS.`)
  return options.split(' ')
}
