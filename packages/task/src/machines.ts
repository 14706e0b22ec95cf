/**
 * The state machines, as data. The engine applies them in one place, and the database checks the
 * same names. Terminal states are final: "Run again" is a new task linked to the old one.
 */

/** For each state, the states it may move to. */
export type Moves<S extends string> = { readonly [From in S]: readonly S[] }

export const taskMoves = {
  pending: ['running', 'canceled', 'failed'],
  running: ['canceling', 'completed', 'completed_with_errors', 'failed'],
  canceling: ['canceled'],
  completed: [],
  completed_with_errors: [],
  failed: [],
  canceled: [],
} as const satisfies Moves<string>

export const stepMoves = {
  pending: ['ready', 'skipped', 'canceled'],
  // Back to pending: a newer version, which has taken the task over, has another step before it.
  ready: ['running', 'pending', 'canceled', 'failed', 'skipped'],
  running: ['retrying', 'ready', 'completed', 'failed', 'canceled'],
  retrying: ['running', 'pending', 'canceled', 'failed'],
  completed: [],
  failed: [],
  canceled: [],
  skipped: [],
} as const satisfies Moves<string>

export const artifactMoves = {
  writing: ['available', 'deleted'],
  available: ['expired', 'deleted', 'consumed'],
  expired: [],
  deleted: [],
  consumed: [],
} as const satisfies Moves<string>

export type TaskState = keyof typeof taskMoves
export type StepState = keyof typeof stepMoves
export type ArtifactState = keyof typeof artifactMoves

export const taskStates = Object.keys(taskMoves) as TaskState[]
export const stepStates = Object.keys(stepMoves) as StepState[]
export const artifactStates = Object.keys(artifactMoves) as ArtifactState[]

const machines = { task: taskMoves, step: stepMoves, artifact: artifactMoves } as const
type StateOf = { task: TaskState; step: StepState; artifact: ArtifactState }

/**
 * Whether the table allows the move.
 *
 * @example
 * ```ts
 * canMove('step', 'running', 'completed') // true
 * canMove('step', 'completed', 'running') // false: a completed step never runs again
 * ```
 */
export function canMove<K extends keyof StateOf>(kind: K, from: StateOf[K], to: StateOf[K]): boolean {
  const moves: Moves<string> = machines[kind]
  return moves[from]?.includes(to) ?? false
}

/** True when nothing can follow the state. */
export function isFinal<K extends keyof StateOf>(kind: K, state: StateOf[K]): boolean {
  const moves: Moves<string> = machines[kind]
  return moves[state]?.length === 0
}

/** Thrown when code asks for a move that is not in the table: always a bug of ours, never of a user. */
export class IllegalMove extends Error {
  override readonly name = 'IllegalMove'
  readonly code = 'illegal-move'
}

/** @throws {IllegalMove} when the table does not allow the move. */
export function assertMove<K extends keyof StateOf>(kind: K, from: StateOf[K], to: StateOf[K]): void {
  if (!canMove(kind, from, to)) throw new IllegalMove(`A ${kind} cannot go from ${from} to ${to}.`)
}
