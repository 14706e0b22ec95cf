import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { diagnose, type Finding } from '../doctor.ts'
import { exitCode } from '../exit-codes.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'

interface DoctorOptions extends RemoteOptions {
  here?: true
  config?: string
}

/** `errand doctor`: whether work moves, and if not, what to do. Exit 1 when something is wrong. */
export function addDoctor(program: Command): void {
  withRemoteOptions(program.command('doctor').description('look for what is wrong, and say what to do'))
    .option('--here', 'ask no server: look at what one that starts on this machine would meet')
    .option('--config <file>', 'with --here: the configuration file (default: errand.config.ts here, if there is one)')
    .action(async (options: DoctorOptions) => {
      const output = processOutput(options.json === true)
      const findings = options.here ? await here(options) : await service(options)
      if (findings.some(({ ok }) => !ok)) process.exitCode = exitCode.failed
      if (options.json) return output.json(findings)
      for (const { check, detail, hint, ok } of findings) {
        output.print(`${ok ? '✓' : '✗'} ${check}: ${detail}.${hint === undefined ? '' : ` ${hint}`}`)
      }
    })
}

/** What the service says of itself. */
async function service(options: DoctorOptions): Promise<Finding[]> {
  const { client } = await connect(options)
  return diagnose(...(await Promise.all([client.status(), client.workers(), client.definitions()])))
}

/** What this machine's configuration leads to; it works when no server can start. */
async function here({ config, data }: DoctorOptions): Promise<Finding[]> {
  const { diagnoseHere } = await import('../service/doctor-here.ts')
  return diagnoseHere({ ...(config === undefined ? {} : { config }), ...(data === undefined ? {} : { data }) })
}
