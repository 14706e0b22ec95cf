import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { diagnose } from '../doctor.ts'
import { exitCode } from '../exit-codes.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'

/** `errand doctor`: whether work moves, and if not, what to do. Exit 1 when something is wrong. */
export function addDoctor(program: Command): void {
  withRemoteOptions(program.command('doctor').description('look for what is wrong, and say what to do')).action(
    async (options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const findings = diagnose(...(await Promise.all([client.status(), client.workers(), client.definitions()])))
      if (findings.some(({ ok }) => !ok)) process.exitCode = exitCode.failed
      if (options.json) return output.json(findings)
      for (const { check, detail, hint, ok } of findings) {
        output.print(`${ok ? '✓' : '✗'} ${check}: ${detail}.${hint === undefined ? '' : ` ${hint}`}`)
      }
    },
  )
}
