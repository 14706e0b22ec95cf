/** A definition that is to run by cron. */
export interface ScheduleRequest {
  /** What people call it; there is one of each name. */
  name: string
  definition: string
  input: unknown
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  cron: string
  /** IANA. Default: UTC. */
  timeZone?: string
  /** The name of the service principal that starts its tasks and owns them, as `service:NAME`. Default: `scheduler`. */
  principal?: string
}

/** Why a schedule started nothing the last time that it was due. */
export interface ScheduleProblem {
  /** That of the problem with which the task was refused, or `schedule-missed`. */
  code: string
  title: string
  detail: string
  /** When it should have started: ISO 8601, UTC. */
  dueAt: string
}

export interface ScheduleView {
  name: string
  definition: string
  /** What its tasks are about. */
  scope: string
  input: Readonly<Record<string, unknown>>
  cron: string
  timeZone: string
  /** The service principal: its id is `service:` and the name. */
  principal: { id: string; name: string }
  /** `null` while it is paused. */
  nextAt: Date | null
  pausedAt: Date | null
  /** The last task that it started: for which time, and its id. It may be deleted since. */
  last: { dueAt: Date; taskId: string } | null
  /** Gone with the next task that starts. */
  problem: ScheduleProblem | null
  createdBy: string
  createdAt: Date
}
