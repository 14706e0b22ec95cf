import type { Definition, DefinitionShape } from '@errand/client'
import type { Command } from 'commander'
import { usageError } from '../cli-error.ts'
import { connect } from '../connect.ts'
import { oneLine, table } from '../format/table.ts'
import { bytes } from '../format/units.ts'
import { resolve, type ValueSchema } from '../input/coerce.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'
import { addDefinitionVersions } from './definition-versions.ts'

/** `errand definitions [NAME]`: what can be started, and what each takes; under it, `promote` and `retire`. */
export function addDefinitions(program: Command): void {
  const command = program
    .command('definitions')
    .description('list the tasks that can be started, or show what one takes')
  addDefinitionVersions(command)
  withRemoteOptions(command)
    .argument('[name]', 'show the input, files and steps of this one')
    .action(async (name: string | undefined, options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const all = await client.definitions()
      const found =
        name === undefined ? all : all.filter((one) => name === one.name || name === `${one.name}@${one.version}`)
      if (name !== undefined && found.length === 0) {
        throw usageError(`there is no task ${name}`, 'errand definitions lists what there is.')
      }
      if (options.json) return output.json(found)
      if (name !== undefined) return output.print(found.map(page).join('\n\n'))
      if (found.length === 0)
        return output.note('No worker has registered any task yet: start errand serve or errand worker.')
      const columns = [
        { title: 'TASK', value: (one: Definition) => `${one.name}@${one.version}` },
        { title: 'TITLE', value: (one: Definition) => one.shape.title },
        { title: '', value: (one: Definition) => (one.retiredAt ? 'retired' : one.promoted ? 'current' : '') },
        { title: 'WORKERS', value: (one: Definition) => String(one.workers), align: 'right' as const },
        { title: 'OPEN', value: (one: Definition) => String(one.open), align: 'right' as const },
      ]
      output.print(table(columns, found))
    })
}

function page(definition: Definition): string {
  const shape: DefinitionShape = definition.shape
  const lines = [`${definition.name}@${definition.version}  ${oneLine(shape.title)}`]
  if (shape.description !== undefined) lines.push(oneLine(shape.description))
  const rows = [...inputRows(shape.input), ...fileRows(shape)]
  const steps = shape.steps.filter((step) => step.kind === 'step' || step.kind === 'fan-out')
  lines.push(
    '',
    rows.length === 0
      ? 'It takes no input.'
      : table(
          [0, 1, 2].map((at) => ({
            title: ['TAKES', 'KIND', 'WHAT'][at] ?? '',
            value: (row: string[]) => row[at] ?? '',
          })),
          rows,
        ),
    '',
    `Steps: ${steps.map((step) => oneLine(step.title)).join(' → ')}`,
  )
  return lines.join('\n')
}

function inputRows(schema: ValueSchema): string[][] {
  const { properties = {}, required = [] } = resolve(schema, schema)
  const needed = (name: string) => Number(required.includes(name))
  const fields = Object.entries(properties).sort(([a], [b]) => needed(b) - needed(a) || a.localeCompare(b))
  return fields.map(([name, field]) => {
    const { type, enum: choices, description = '', default: preset } = resolve(field, schema)
    const kind = choices ? choices.map(String).join('|') : Array.isArray(type) ? type.join('|') : (type ?? 'value')
    const need = required.includes(name)
      ? ''
      : preset === undefined
        ? '(optional)'
        : `(default ${JSON.stringify(preset)})`
    return [`--input ${name}=`, kind, [description, need].filter(Boolean).join(' ')]
  })
}

function fileRows(shape: DefinitionShape): string[][] {
  return Object.entries(shape.uploads).map(([name, upload]) => {
    const limit = upload.maxSize === undefined ? '' : `, at most ${bytes(upload.maxSize)}`
    return [`--upload ${name}=`, 'file', `${upload.title}${limit}${upload.optional ? ' (optional)' : ''}`]
  })
}
