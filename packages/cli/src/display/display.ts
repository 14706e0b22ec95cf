import type { ShownTask } from '../format/shown.ts'

/** Shows one task while it goes on. */
export interface TaskDisplay {
  /** The task as it is now. */
  update(task: ShownTask): void
  /** A line of the user's activity log. */
  log(step: string, message: string): void
  /** The connection was lost, or is there again. */
  connection(state: 'lost' | 'restored'): void
  /** Leaves the last picture where it is and gives the terminal back. */
  close(): void
}
