import { createInterface } from 'node:readline/promises'
import { createClient } from '@errand/client'
import type { Command } from 'commander'
import { CliError, usageError } from '../cli-error.ts'
import { connect } from '../connect.ts'
import { exitCode } from '../exit-codes.ts'
import { keepToken } from '../folder/credentials.ts'
import { oneLine } from '../format/table.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'

interface LoginOptions extends RemoteOptions {
  link?: true
  out?: true
}

/** `errand login`: keeps a personal access token for a server. `--link` prints a link that signs a browser in. */
export function addLogin(program: Command): void {
  withRemoteOptions(program.command('login').description('keep a token for a server, read from standard input'))
    .option('--link', 'print a one-time link that signs you in, in a browser')
    .option('--out', 'forget the token of the server')
    .action(async (options: LoginOptions) => {
      if (options.link) return printLink(options)
      const server = (options.server ?? process.env.ERRAND_SERVER ?? '').replace(/\/+$/, '')
      if (!/^https?:\/\//.test(server)) throw usageError('errand login needs --server URL')
      const output = processOutput(options.json === true)
      if (options.out) {
        await keepToken(server, undefined, process.env)
        return output.note(
          `The token of ${server} is forgotten here. Revoke it with errand tokens, if nobody else uses it.`,
        )
      }
      const token = await readToken(server)
      const me = await createClient({ server, token, as: 'cli' }).me()
      const file = await keepToken(server, token, process.env)
      if (options.json) return output.json({ server, ...me, file })
      output.print(`Signed in at ${server} as ${oneLine(me.name)} (${oneLine(me.id)}). The token is in ${file}.`)
    })
}

/** Never as an argument: those are seen by everybody on the machine, and stay in the shell's history. */
async function readToken(server: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(`A personal access token for ${server}: `)
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) {
    lines.close()
    if (line.trim() !== '') return line.trim()
  }
  throw new CliError('no token was given', {
    hint: 'Make one in the web under your name, or with errand tokens create, and paste it here.',
    exit: exitCode.usage,
  })
}

async function printLink(options: LoginOptions): Promise<void> {
  const { client } = await connect(options)
  const { data } = await client.api.POST('/api/v1/session/links')
  if (data === undefined) throw new CliError('the server made no link')
  const output = processOutput(options.json === true)
  const link = client.server + data.link
  if (options.json) output.json({ link })
  else output.print(link)
}
