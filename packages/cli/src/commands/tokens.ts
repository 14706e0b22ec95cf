import { type Command, Option } from 'commander'
import { connect } from '../connect.ts'
import { type Column, table } from '../format/table.ts'
import { relative } from '../format/units.ts'
import { type RemoteOptions, repeatable, wholeNumber, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'

interface CreateOptions extends RemoteOptions {
  name: string
  grant: ('read' | 'write' | 'administer')[]
  days: number
}

interface Token {
  id: string
  name: string
  grants: string[]
  expiresAt: string
  lastUsedAt: string | null
}

/** `errand tokens create|list|revoke`: personal access tokens. */
export function addTokens(program: Command): void {
  const tokens = program.command('tokens').description('personal access tokens: create, list, revoke')

  withRemoteOptions(tokens.command('create').description('make a token; its secret is printed once'))
    .requiredOption('--name <text>', 'what it is for')
    .addOption(repeatable('--grant <grant>', 'read, write or administer; several times (default: read and write)'))
    .addOption(new Option('--days <n>', 'how long it holds').default(90).argParser(wholeNumber('--days', 1, 365)))
    .action(async ({ days, grant, name, ...options }: CreateOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const grants = grant.length === 0 ? undefined : grant
      const { data } = await client.api.POST('/api/v1/tokens', {
        body: { name, days, ...(grants === undefined ? {} : { grants }) },
      })
      if (data === undefined) return
      if (options.json) return output.json(data)
      output.print(data.secret)
      output.note(`It is shown this once and holds until ${data.expiresAt.slice(0, 10)}.`)
    })

  withRemoteOptions(tokens.command('list').description('your tokens that hold')).action(
    async (options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const { data } = await client.api.GET('/api/v1/tokens')
      const found: Token[] = data?.tokens ?? []
      if (options.json) return output.json(found)
      if (found.length === 0) return output.note('You have no tokens. Make one with errand tokens create --name TEXT.')
      const now = new Date()
      const columns: Column<Token>[] = [
        { title: 'ID', value: (one) => one.id },
        { title: 'NAME', value: (one) => one.name },
        { title: 'MAY', value: (one) => one.grants.join(', ') },
        { title: 'HOLDS', value: (one) => relative(new Date(one.expiresAt), now) },
        {
          title: 'USED',
          value: (one) => (one.lastUsedAt === null ? 'never' : relative(new Date(one.lastUsedAt), now)),
        },
      ]
      output.print(table(columns, found))
    },
  )

  withRemoteOptions(tokens.command('revoke').description('end a token, at once').argument('<id>', 'the token')).action(
    async (id: string, options: RemoteOptions) => {
      const { client } = await connect(options)
      await client.api.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } })
      if (options.json) processOutput(true).json({ id, revoked: true })
      else processOutput(false).print(`The token ${id} does not hold any more.`)
    },
  )
}
