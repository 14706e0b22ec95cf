import type { Transition } from '@errand/client'
import { canMove, stepStates, taskStates } from '@errand/task'

/** What is wrong with a task's history: gaps, moves that nobody may make, a step that goes on after its end. */
export function wrongHistory(transitions: readonly Transition[]): string[] {
  const wrong: string[] = []
  const at = new Map<string | null, string>()
  for (const [index, { sequence, step, from, to }] of transitions.entries()) {
    if (sequence !== index + 1) wrong.push(`transition ${index + 1} has the number ${sequence}`)
    const before = at.get(step) ?? (step === null ? null : 'pending')
    if (from !== before) wrong.push(`${step ?? 'the task'} goes from ${from} to ${to}, and was ${before}`)
    if (from !== null && !allowed(step, from, to)) wrong.push(`${step ?? 'the task'} may not go from ${from} to ${to}`)
    at.set(step, to)
  }
  return wrong
}

function allowed(step: string | null, from: string, to: string): boolean {
  if (step === null) {
    const states = taskStates.filter((state) => state === from || state === to)
    const [a, b] = [states.find((state) => state === from), states.find((state) => state === to)]
    return a !== undefined && b !== undefined && canMove('task', a, b)
  }
  const [a, b] = [stepStates.find((state) => state === from), stepStates.find((state) => state === to)]
  return a !== undefined && b !== undefined && canMove('step', a, b)
}

/** When each step completed, as milliseconds. */
export function completions(transitions: readonly Transition[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const { step, to, at } of transitions) if (step !== null && to === 'completed') found.set(step, Date.parse(at))
  return found
}

/** A worker that was lost, and when. */
export interface Loss {
  kind: string
  worker: string
  at: number
}

/**
 * How long the steps that a lost worker had in hand had to wait until another ran them (or they ended), in seconds.
 * Workers have names of their own, so the history tells whose a step was.
 */
export function recoveries(transitions: readonly Transition[], loss: Loss): number[] {
  const found: number[] = []
  for (const moves of Map.groupBy(transitions, ({ step }) => step).values()) {
    const last = moves.findLastIndex(({ at }) => Date.parse(at) <= loss.at)
    const held = moves[last]
    if (held?.step === null || held?.to !== 'running' || held.actor !== `worker ${loss.worker}`) continue
    const next = moves.slice(last + 1).find(({ to }) => to !== 'ready')
    if (next !== undefined) found.push((Date.parse(next.at) - loss.at) / 1_000)
  }
  return found
}
