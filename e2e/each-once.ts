import type { Transition } from '@errand/client'
import { expect } from 'vitest'

/**
 * The step has one end, which is its last move, and has begun at least so often. It begins more often where its process, on a
 * machine that has no time for it, was silent for as long as a lease: then it counts as lost like one that was killed, nothing it
 * still does is taken, and the step begins anew. So one start more is right if that is its reason, and only then.
 */
export function expectEachOnce(transitions: readonly Transition[], step: string, least: number): void {
  const moves = transitions.filter((move) => move.step === step)
  const starts = moves.filter(({ to }) => to === 'running').length
  expect(starts, step).toBeGreaterThanOrEqual(least)
  const again = Array.from({ length: starts - 1 }, () => ['ready (its worker was lost)', 'running'])
  expect(
    moves.map(({ reason, to }) => (reason === null ? to : `${to} (${reason})`)),
    step,
  ).toEqual(['ready', 'running', ...again.flat(), 'completed'])
}
