import { relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { packageNameOf } from '../new/package-name.ts'
import { tarballsIn } from '../new/tarballs.ts'
import { templateFolder, templateManifest, writePackage } from '../new/write-package.ts'
import { processOutput } from '../output.ts'

interface NewOptions {
  name?: string
  packages?: string
  json?: true
}

/** `errand new DIR`: writes a package of tasks to begin with, with their tests. */
export function addNew(program: Command): void {
  program
    .command('new')
    .description('write a package of your own with tasks to begin with, and their tests')
    .argument('<dir>', 'the folder to write, which is empty or not there yet')
    .option('--name <name>', 'what the package is called (default: as the folder)')
    .option('--packages <dir>', "install Errand from the tarballs in this folder, not from npm's registry")
    .option('--json', 'print JSON, for programs')
    .action(async (dir: string, options: NewOptions) => {
      const folder = resolve(dir)
      const name = packageNameOf(folder, options.name)
      const template = templateFolder()
      const { dependencies, devDependencies } = await templateManifest(template)
      const ours = Object.keys({ ...dependencies, ...devDependencies }).filter((each) => each.startsWith('@errand/'))
      const tarballs = options.packages === undefined ? undefined : await tarballsIn(resolve(options.packages), ours)
      const files = await writePackage({ folder, name, template, tarballs })
      const output = processOutput(options.json === true)
      if (options.json) return output.json({ name, folder, files })
      output.print(`${name} is in ${folder}. Its tasks are in src/; begin with src/index.ts.`)
      const there = relative(process.cwd(), folder)
      output.note(`Next: ${there === '' ? '' : `cd ${quoted(there)} && `}npm install && npm test && npm start`)
    })
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w./@~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
