import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ErrandClient, Task, Transition } from '@errand/client'
import { z } from 'zod'
import { completions, type Loss, recoveries, wrongHistory } from './history.ts'
import type { Accepted } from './load.ts'
import { BIG, digestOf } from './pack/bytes.ts'
import type { Tally } from './tally.ts'

const ledgerLine = z.object({ step: z.string(), event: z.literal('start'), at: z.number() })

/** Seconds within which a lost worker's steps must run elsewhere. */
export const RECOVERY_LIMIT = 30

/** Holds everything that happened against what must hold, and writes the result into the tally. */
export async function checkAll(options: {
  client: ErrandClient
  accepted: readonly Accepted[]
  ledger: string
  losses: readonly Loss[]
  /** Moments at which something was there again, with what it is counted for. */
  heals: readonly { kind: string; at: number }[]
  tally: Tally
}): Promise<void> {
  const { client, accepted, ledger, losses, heals, tally } = options
  const moves: number[] = []
  for (const one of accepted) {
    const task = await client.task(one.id)
    const transitions = await client.transitions(one.id)
    tally.row(one.kind).tasks++
    if (task.state !== 'completed') {
      const why = `${task.state}, ${task.waiting ?? task.failure?.code ?? 'no reason'}`
      const steps = task.steps.map(({ name, state, attempt }) => `${name} ${state} ${attempt}`).join(', ')
      tally.blame(one.kind, 'lost', `task ${one.id} is ${why} (${steps})`)
    }
    for (const words of wrongHistory(transitions)) tally.blame(one.kind, 'twice', `task ${one.id}: ${words}`)
    for (const words of await ranAgain(ledger, one.id, transitions)) tally.blame(one.kind, 'twice', words)
    for (const words of wrongArtifacts(task, one)) tally.blame(one.kind, 'artifacts', `task ${one.id}: ${words}`)
    for (const loss of losses) {
      for (const seconds of recoveries(transitions, loss)) {
        tally.row(loss.kind).recoveries.push(seconds)
        if (seconds > RECOVERY_LIMIT) {
          tally.wrong.push(
            `${loss.kind}: a step of ${one.id} waited ${seconds.toFixed(1)} s after ${loss.worker} was lost`,
          )
        }
      }
    }
    for (const { at } of transitions) moves.push(Date.parse(at))
  }
  moves.sort((a, b) => a - b)
  for (const { kind, at } of heals) {
    const next = moves.find((each) => each > at)
    if (next !== undefined) tally.row(kind).recoveries.push((next - at) / 1_000)
  }
  await checkNumber(client, accepted, tally)
}

/** A key that was sent twice makes one task, and a task nobody was told of must not be there either. */
async function checkNumber(client: ErrandClient, accepted: readonly Accepted[], tally: Tally): Promise<void> {
  const known = new Map(accepted.map((one) => [one.id, one]))
  if (known.size !== accepted.length) tally.blame('all', 'lost', 'two keys led to one task')
  let pageToken: string | undefined
  do {
    const page = await client.tasks({ limit: 200, ...(pageToken === undefined ? {} : { pageToken }) })
    for (const { id } of page.tasks) {
      if (!known.has(id)) tally.blame('all', 'twice', `task ${id} is in the record, and nobody was told of it`)
    }
    pageToken = page.nextPageToken ?? undefined
  } while (pageToken !== undefined)
}

/** Executions that began after the step's completion was on record. */
async function ranAgain(ledger: string, task: string, transitions: readonly Transition[]): Promise<string[]> {
  const text = await readFile(join(ledger, `${task}.jsonl`), 'utf8').catch(() => '')
  const done = completions(transitions)
  const lines = text.split('\n').filter((line) => line !== '')
  const wrong: string[] = []
  for (const { step, at } of lines.map((line) => ledgerLine.parse(JSON.parse(line)))) {
    const completed = done.get(step)
    if (completed !== undefined && at > completed) {
      wrong.push(`task ${task}: ${step} began ${((at - completed) / 1_000).toFixed(1)} s after it had completed`)
    }
  }
  for (const step of done.keys()) {
    if (!text.includes(`"${step}"`)) wrong.push(`task ${task}: ${step} has completed and never ran`)
  }
  return wrong
}

function wrongArtifacts(task: Task, one: Accepted): string[] {
  const wrong: string[] = []
  for (const slot of ['data', 'summary']) {
    const files = task.artifacts.filter((artifact) => artifact.slot === slot)
    const [file] = files
    if (file === undefined || files.length !== 1) {
      // What a task that is not complete lacks is counted once, as the lost task.
      if (task.state === 'completed') wrong.push(`${files.length} files in the slot ${slot}`)
      continue
    }
    if (file.state !== 'available') wrong.push(`${slot} is ${file.state}`)
    if (one.downloads[slot] !== file.sha256) wrong.push(`${slot} came as ${one.downloads[slot]}, not ${file.sha256}`)
    if (slot === 'data' && (file.size !== BIG || file.sha256 !== digestOf(one.seed))) {
      wrong.push(`data has ${file.size} bytes with the digest ${file.sha256}, not what was written`)
    }
  }
  return wrong
}
