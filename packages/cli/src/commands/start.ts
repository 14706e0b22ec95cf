import { randomUUID } from 'node:crypto'
import { type Command, Option } from 'commander'
import { connect } from '../connect.ts'
import { findDefinition } from '../find-definition.ts'
import { readInput } from '../input/read-input.ts'
import { uploadFiles } from '../input/upload-files.ts'
import { type RemoteOptions, repeatable, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'
import { started } from '../started.ts'
import { sendFile } from '../transfer/send-file.ts'

interface StartOptions extends RemoteOptions {
  input: string[]
  inputFile?: string
  upload: string[]
  idempotencyKey?: string
  ifRunning?: 'refuse' | 'join' | 'wait'
  wait?: true
}

/** `errand start TASK`: hands a task in. */
export function addStart(program: Command): void {
  withRemoteOptions(program.command('start').description('start a task'))
    .argument('<task>', 'its name, such as course.export, or NAME@VERSION')
    .addOption(repeatable('--input <name=value>', 'a field of the input; may be given several times'))
    .option('--input-file <file>', 'the input as one JSON object; - reads standard input')
    .addOption(repeatable('--upload <name=path>', 'a file to hand in; may be given several times'))
    .addOption(
      new Option('--if-running <what>', 'when one at a time is allowed and one is running').choices([
        'refuse',
        'join',
        'wait',
      ]),
    )
    .option('--wait', 'show it until it is over; exit 0, 1 failed, 2 canceled')
    .option('--idempotency-key <key>', 'two starts with one key are one task')
    .addHelpText('after', '\nWhat a task takes: errand definitions NAME')
    .action(async (name: string, options: StartOptions) => {
      const output = processOutput(options.json === true)
      const connection = await connect(options)
      const { client } = connection
      const definition = await findDefinition(name, client)
      const input = await readInput(
        { pairs: options.input, file: options.inputFile, stdin: process.stdin },
        definition.shape.input,
      )
      const uploads: Record<string, string> = {}
      for (const file of await uploadFiles(options.upload, definition.shape)) {
        uploads[file.name] = await sendFile(client, file, output)
      }
      const task = await client.submit(
        {
          definition: definition.name,
          input,
          ...(name.includes('@') ? { version: definition.version } : {}),
          ...(options.ifRunning === undefined ? {} : { conflict: options.ifRunning }),
          ...(Object.keys(uploads).length > 0 ? { uploads } : {}),
        },
        // With a key, a request that was sent twice because its answer got lost is one task.
        { idempotencyKey: options.idempotencyKey ?? randomUUID() },
      )
      await started(connection, task, output, options)
    })
}
