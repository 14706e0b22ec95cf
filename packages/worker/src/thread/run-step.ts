import { threadId } from 'node:worker_threads'
import {
  type Failure,
  type StepCode,
  type StepContext,
  type TaskDefinition,
  TaskFailure,
  toFailure,
} from '@errand/task'
import { type AbortReason, ask, type Outcome, tell } from '../calls.ts'
import { Channel } from '../channel/channel.ts'
import { RESULT_LIMIT } from '../config.ts'
import { toJsonText } from '../json-text.ts'
import { steadyNow } from '../lease.ts'
import { newReference } from '../reference.ts'
import { abortError } from './abort-error.ts'
import { createContext } from './context.ts'
import { asCurrentStep, type CurrentStep } from './current-step.ts'
import { runFanOut } from './fan-out/run-fan-out.ts'
import type { LoadedPack } from './load-packs.ts'
import type { Order } from './messages.ts'
import { parseInput } from './parse-input.ts'

/** Runs one attempt of one step and tells its outcome. What goes wrong is an outcome too: this never rejects. */
export async function runStep(order: Order & { kind: 'step' }, packs: Promise<LoadedPack[]>): Promise<void> {
  const { claim, port } = order
  const abort = new AbortController()
  const channel = new Channel(port, {
    note: (name, value) => {
      if (name === 'abort') abort.abort(abortError(value as AbortReason))
    },
    closed: () => abort.abort(abortError('claim-lost')),
  })
  let told = false
  const end = (outcome: Outcome) => {
    if (told) return
    told = true
    current.over = true
    tell(channel, 'outcome', outcome)
  }
  const failed = (error: unknown, crashed: boolean): Outcome => ({
    kind: 'failed',
    failure: toFailure(error, newReference(), claim.step),
    crashed,
  })
  const current: CurrentStep = {
    taskId: claim.taskId,
    step: claim.step,
    over: false,
    crash: (error) => end(failed(error, true)),
  }
  await asCurrentStep(current, async () => {
    try {
      tell(channel, 'started', { threadId })
      const { definition, code, loaded } = await findCode(order, packs)
      if (claim.fanOut !== undefined && code.fanOut !== undefined) {
        const input = await parseInput(definition, claim.input)
        const { options } = loaded
        await whileHeld(channel, order.heldUntil)
        const parts = { claim, channel, signal: abort.signal, input, options, definition, code: code.fanOut }
        end({ kind: 'completed', json: JSON.stringify(await runFanOut(parts, claim.fanOut)) ?? 'null' })
        return
      }
      const { context, close } = createContext({
        claim,
        channel,
        signal: abort.signal,
        input: await parseInput(definition, claim.input),
        options: loaded.options,
        filenames: definition.filenames,
        slots: Object.keys(definition.shape.artifacts),
        stores: Object.keys(loaded.stores),
      })
      await whileHeld(channel, order.heldUntil)
      let result: unknown
      try {
        result = await callHandler(code, claim.otherwise, context)
      } catch (error) {
        // What the handler threw says more than what it left unfinished by throwing.
        await close().catch(() => undefined)
        throw error
      }
      await close()
      const name = `The result of the step "${claim.step}"`
      end({ kind: 'completed', json: toJsonText(result, { code: 'result', name, limit: RESULT_LIMIT }) })
    } catch (error) {
      end(failed(error, false))
    }
  })
}

/** Goes on while the claim is certain: nothing of a step may begin after it has completed elsewhere. */
async function whileHeld(channel: Channel, until: number): Promise<void> {
  for (let held = until; steadyNow() >= held; ) held = await ask(channel, 'confirmLease', undefined)
}

interface Found {
  definition: TaskDefinition
  code: StepCode
  loaded: LoadedPack
}

async function findCode(order: Order & { kind: 'step' }, packs: Promise<LoadedPack[]>): Promise<Found> {
  const { claim } = order
  const loaded = (await packs)[order.pack]
  const definition = loaded?.pack.definitions.find(
    ({ shape }) => shape.name === claim.definition && shape.version === claim.version,
  )
  const code = definition?.code[claim.step]
  if (loaded === undefined || definition === undefined || code === undefined) {
    throw new TaskFailure({
      code: 'step-unknown',
      title: `This worker has no code for the step "${claim.step}"`,
      detail: `${claim.definition} v${claim.version} has no step of that name in the pack ${loaded?.name ?? '(none)'}.`,
      hint: 'Start the worker with the version of the pack that registered the definition.',
    })
  }
  return { definition, code, loaded }
}

function callHandler(code: StepCode, otherwise: Failure | null, context: StepContext): unknown {
  if (otherwise === null) return code.run(context)
  if (code.otherwise === undefined) {
    throw new TaskFailure({
      code: 'step-unknown',
      title: 'This worker has no code for the alternative path of the step',
      hint: 'Start the worker with the version of the pack that registered the definition.',
    })
  }
  return code.otherwise(otherwise, context)
}
