import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** The folder of the measurements, which has dependencies of its own: what others are measured with is no part of Errand. */
const FOLDER = fileURLToPath(new URL('..', import.meta.url))

/** Installs them where they are missing, and says so. */
export async function installDependencies(): Promise<void> {
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    await readFile(`${FOLDER}package.json`, 'utf8'),
  )
  const there = (name: string) => existsSync(`${FOLDER}node_modules/${name}/package.json`)
  if (Object.keys(dependencies).every(there)) return
  process.stderr.write('Installing what Errand is measured beside, into bench/node_modules (once)…\n')
  const child = spawn('npm', ['ci'], { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`npm ci in ${FOLDER} ended with ${code}`)
}
