import { createHash, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { ObjectStore, StepContext, TaskDefinition, UploadedFile, WrittenArtifact } from '@errand/task'

/** A file handed in, as a test gives it. */
export interface TestUpload {
  filename: string
  size: number
  readable(range?: { start: number; end?: number }): Readable
}

export interface RunOptions {
  store: ObjectStore
  input: unknown
  uploads?: Readonly<Record<string, TestUpload>>
  options?: unknown
  taskId?: string
  attempt?: number
  /** Called before each step; what it throws ends the run there, as a kill would. */
  before?: (step: string) => void | Promise<void>
}

export interface RunResult {
  results: Readonly<Record<string, unknown>>
  artifacts: Readonly<Record<string, { content: Buffer; filename: string }>>
  /** The user's activity log. */
  log: readonly string[]
}

/** Runs a definition's steps one after another, as a worker would, with its stores in the test's hands. */
export async function runTask(definition: TaskDefinition, run: RunOptions): Promise<RunResult> {
  const input = definition.input.parse(run.input)
  const taskId = run.taskId ?? randomUUID()
  const results: Record<string, unknown> = {}
  const artifacts: Record<string, { content: Buffer; filename: string }> = {}
  const log: string[] = []
  const contextOf = (after: readonly string[]): StepContext =>
    ({
      taskId,
      input,
      results: Object.fromEntries(after.map((name) => [name, results[name]])),
      signal: new AbortController().signal,
      attempt: run.attempt ?? 1,
      principal: { id: 'p1', name: 'Ada' },
      scope: '',
      options: run.options,
      stores: { courses: run.store },
      uploads: Object.fromEntries(Object.entries(run.uploads ?? {}).map(([name, file]) => [name, uploaded(file)])),
      artifacts: Object.fromEntries(
        Object.keys(definition.shape.artifacts).map((slot) => [
          slot,
          {
            write: async (content: AsyncIterable<Uint8Array> | string): Promise<WrittenArtifact> => {
              const parts: Buffer[] = []
              for await (const part of typeof content === 'string' ? [content] : content) parts.push(Buffer.from(part))
              const filename = definition.filenames[slot]?.(input) ?? slot
              const bytes = Buffer.concat(parts)
              artifacts[slot] = { content: bytes, filename }
              const sha256 = createHash('sha256').update(bytes).digest('hex')
              return { id: slot, filename, size: bytes.length, sha256, state: 'writing' }
            },
          },
        ]),
      ),
      progress: () => {},
      log: (message: string) => log.push(message),
      checkpoint: undefined,
      saveCheckpoint: async () => {},
      once: async (_key: string, action: () => unknown) => action(),
    }) as unknown as StepContext
  for (const step of definition.shape.steps) {
    if (step.kind !== 'step') continue
    await run.before?.(step.name)
    const result = await definition.code[step.name]?.run(contextOf(step.after))
    results[step.name] = result === undefined ? undefined : JSON.parse(JSON.stringify(result))
  }
  return { results, artifacts, log }
}

function uploaded({ filename, size, readable }: TestUpload): UploadedFile {
  return { filename, mediaType: 'application/octet-stream', size, sha256: '', readable }
}

/** Bytes in memory as a file handed in. */
export function uploadOf(filename: string, content: Uint8Array): TestUpload {
  return {
    filename,
    size: content.length,
    readable: ({ start, end } = { start: 0 }) =>
      Readable.from(pieces(content.subarray(start, end ?? content.length)), { objectMode: false }),
  }
}

function* pieces(content: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536)
}
