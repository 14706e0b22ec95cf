/**
 * Loaded before anything else of a process, turns its clock by `CHAOS_CLOCK_MS`: every `Date` of the process is off,
 * in its threads as well. What measures how long something takes (`performance.now`, timers) is as it was.
 */
const off = Number(process.env.CHAOS_CLOCK_MS ?? '0')
const TrueDate = Date

class TurnedDate extends TrueDate {
  constructor(...given: unknown[]) {
    if (given.length === 0) super(TrueDate.now() + off)
    else super(...(given as [number]))
  }

  static override now(): number {
    return TrueDate.now() + off
  }
}

globalThis.Date = TurnedDate as DateConstructor
