import { sql } from 'kysely'
import { defaults } from '../config.ts'
import { jsonText, storable } from '../database/json-text.ts'
import type { StoredProgress } from '../database/schema.ts'
import { ClaimLost, Problem } from '../problem.ts'
import type { ClaimRef } from '../types.ts'
import type { TaskServices } from './services.ts'

/**
 * What running steps say about themselves: progress, log lines, checkpoints. Progress and lines of all steps are
 * gathered and written a few times a second; each carries its lease, and a stale one is not written.
 */
export class Reports {
  readonly #services: TaskServices
  #progress = new Map<string, { claim: ClaimRef; progress: StoredProgress }>()
  #lines: { claim: ClaimRef; message: string }[] = []
  /** How many of the lines each attempt has. */
  #waiting = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(services: TaskServices) {
    this.#services = services
  }

  progress(claim: ClaimRef, progress: StoredProgress): void {
    this.#progress.set(claim.lease, { claim, progress })
    this.#later()
  }

  log(claim: ClaimRef, message: string): void {
    // A flood is stopped here already: no more lines of an attempt wait than it could ever have stored.
    const waiting = this.#waiting.get(claim.lease) ?? 0
    if (waiting >= defaults.logLines) return
    this.#waiting.set(claim.lease, waiting + 1)
    this.#lines.push({ claim, message: message.slice(0, defaults.logLineLimit) })
    this.#later()
  }

  /** Before a step ends, all that it said is written. */
  async flush(claim?: ClaimRef): Promise<void> {
    const mine =
      claim === undefined ||
      this.#progress.has(claim.lease) ||
      this.#lines.some((line) => line.claim.lease === claim.lease)
    // What one write met is no reason for the next not to be tried.
    const before = this.#writing.catch(() => undefined)
    if (!mine) return before
    this.#writing = before.then(() => this.#write())
    await this.#writing
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.flush().catch((error: unknown) =>
        this.#services.logger.warn({ err: error }, 'progress could not be written'),
      )
    }, defaults.reportInterval)
  }

  async #write(): Promise<void> {
    const progress = [...this.#progress.values()]
    const lines = this.#lines
    if (progress.length === 0 && lines.length === 0) return
    this.#progress = new Map()
    this.#lines = []
    this.#waiting = new Map()
    if (progress.length > 0) {
      await sql`
        UPDATE errand.steps AS s SET progress = x.progress
        FROM jsonb_to_recordset(${jsonText(
          progress.map(({ claim, progress: value }) => ({ ...claim, progress: value })),
        )}::jsonb) AS x ("taskId" uuid, step text, lease text, progress jsonb)
        WHERE s.task_id = x."taskId" AND s.name = x.step AND s.lease = x.lease AND s.state = 'running'`.execute(
        this.#services.db,
      )
    }
    if (lines.length > 0) {
      await sql`
        WITH x AS (
          SELECT *, row_number() OVER (PARTITION BY "taskId", step, lease ORDER BY n) AS nth FROM jsonb_to_recordset(${jsonText(
            lines.map(({ claim, message }, n) => ({ ...claim, message, n })),
          )}::jsonb) AS x ("taskId" uuid, step text, lease text, message text, n int)
        ), counted AS (
          UPDATE errand.steps AS s SET log_lines = s.log_lines + c.lines
          FROM (SELECT "taskId", step, lease, count(*)::int AS lines FROM x GROUP BY 1, 2, 3) c
          WHERE s.task_id = c."taskId" AND s.name = c.step AND s.lease = c.lease AND s.log_lines < ${defaults.logLines}
          RETURNING s.task_id, s.name, s.lease, ${defaults.logLines} - (s.log_lines - c.lines) AS room
        )
        INSERT INTO errand.logs (task_id, step, message)
        SELECT x."taskId", x.step, x.message || CASE x.nth WHEN c.room THEN ${defaults.logFull} ELSE '' END FROM x
        JOIN counted c ON c.task_id = x."taskId" AND c.name = x.step AND c.lease = x.lease AND x.nth <= c.room
        ORDER BY x.n`.execute(this.#services.db)
    }
    this.#services.bus.tell({
      tasks: new Set([...progress.map(({ claim }) => claim.taskId), ...lines.map(({ claim }) => claim.taskId)]),
    })
  }

  /** @throws {ClaimLost}, {Problem} `checkpoint-too-large` */
  async saveCheckpoint(claim: ClaimRef, value: unknown): Promise<void> {
    const text = limited('checkpoint', value)
    // A step that gets on is not one that ends every worker it meets, however many it has lost.
    await this.#fenced(
      sql`checkpoint = ${text}::jsonb,
        losses = CASE WHEN checkpoint IS DISTINCT FROM ${text}::jsonb THEN 0 ELSE losses END`,
      claim,
    )
  }

  /** @throws {ClaimLost}, {Problem} `once-too-large` */
  async saveOnce(claim: ClaimRef, key: string, value: unknown): Promise<void> {
    const text = limited('once', value)
    const name = storable(key)
    await this.#fenced(
      sql`once = once || jsonb_build_object(${name}::text, ${text}::jsonb),
        losses = CASE WHEN once -> ${name}::text IS NULL THEN 0 ELSE losses END`,
      claim,
    )
  }

  async #fenced(assignment: ReturnType<typeof sql>, claim: ClaimRef): Promise<void> {
    const { numAffectedRows } = await sql`
      UPDATE errand.steps SET ${assignment}
      WHERE task_id = ${claim.taskId}::uuid AND name = ${claim.step} AND lease = ${claim.lease} AND state = 'running'`.execute(
      this.#services.db,
    )
    if (numAffectedRows !== 1n) throw new ClaimLost('The attempt has lost its claim; nothing was stored.')
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.flush().catch(() => undefined)
  }
}

/** @throws {Problem} `result-too-large`: also for workers that do not hold the limit themselves */
export function checkResult(result: unknown): void {
  const size = Buffer.byteLength(jsonText(result))
  if (size <= defaults.resultLimit) return
  throw new Problem({
    code: 'result-too-large',
    status: 422,
    title: 'The result of the step is too large',
    detail: `It has ${size} bytes as JSON; ${defaults.resultLimit} are allowed.`,
    hint: 'Write what is big into an artifact or a store of the pack, and keep only where it is.',
  })
}

function limited(what: 'checkpoint' | 'once', value: unknown): string {
  const text = jsonText(value)
  if (Buffer.byteLength(text) <= defaults.checkpointLimit) return text
  throw new Problem({
    code: `${what}-too-large`,
    status: 422,
    title: `What the step wants to keep is too large`,
    detail: `It has ${Buffer.byteLength(text)} bytes as JSON; ${defaults.checkpointLimit} are allowed.`,
    hint: 'Keep a position or an id, and put data into an artifact or a store of the pack.',
  })
}
