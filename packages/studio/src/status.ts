import type { TaskSummary } from '@errand/engine'
import { sentences } from './sentences.ts'

/**
 * The numbers in which Studio says how far an import or export is: a stage, or its negative where it ended there without
 * success. 0 means that there is no task yet.
 */

const IMPORT = { unpacking: 1, verifying: 2, updating: 3, successful: 4 } as const
const EXPORT = { exporting: 1, compressing: 2, successful: 3 } as const

/** The stage of each step of `course.import`. A step that is not named here leaves the stage as it was. */
const importStages: Readonly<Record<string, number>> = {
  receive: IMPORT.unpacking,
  unpack: IMPORT.unpacking,
  read: IMPORT.verifying,
  check: IMPORT.verifying,
  store: IMPORT.updating,
  publish: IMPORT.updating,
}

/** The same of `course.export`. */
const exportStages: Readonly<Record<string, number>> = {
  snapshot: EXPORT.exporting,
  write: EXPORT.exporting,
  package: EXPORT.compressing,
}

/** What `import_status` answers. The front end takes any text in `Message` for a failure, and a negative number alone for none. */
export interface ImportStatus {
  ImportStatus: number
  Message: string
}

/** What `export_status` answers. */
export interface ExportStatus {
  ExportStatus: number
  /** Where the archive is. The front end puts Studio's address before what begins with a slash. */
  ExportOutput?: string
  ExportError?: { raw_error_msg: string; edit_unit_url: null }
}

/** No task yet: nothing was asked for, or the archive is still on its way. */
export const notYetImported: ImportStatus = { ImportStatus: 0, Message: '' }

/** How far an import is. */
export function importStatus(task: TaskSummary): ImportStatus {
  const message = whyNot(task)
  if (message !== undefined) return { ImportStatus: -reached(task, importStages), Message: message }
  return { ImportStatus: isDone(task) ? IMPORT.successful : reached(task, importStages), Message: '' }
}

/**
 * How far an export is.
 *
 * @param output - the address of the archive
 */
export function exportStatus(task: TaskSummary | undefined, output: string): ExportStatus {
  if (task === undefined) return { ExportStatus: 0 }
  const message = whyNot(task)
  if (message !== undefined) return failedExport(-reached(task, exportStages), message)
  if (!isDone(task)) return { ExportStatus: reached(task, exportStages) }
  if (archiveOf(task) !== undefined) return { ExportStatus: EXPORT.successful, ExportOutput: output }
  // A success without an archive would be a button that leads nowhere.
  return failedExport(-EXPORT.compressing, 'The archive of this export is not kept any more. Export the course again.')
}

/** The id of the archive that an export has made, while it is kept. */
export function archiveOf(task: Pick<TaskSummary, 'artifacts'>): string | undefined {
  return task.artifacts.find(({ slot, state }) => slot === 'archive' && state === 'available')?.id
}

function failedExport(status: number, message: string): ExportStatus {
  return { ExportStatus: status, ExportError: { raw_error_msg: message, edit_unit_url: null } }
}

function isDone({ state }: TaskSummary): boolean {
  return state === 'completed' || state === 'completed_with_errors'
}

/** Why it ended without success; `undefined` if it did not. */
function whyNot({ failure, state, title }: TaskSummary): string | undefined {
  if (state === 'canceled') return `${title}: this was canceled.`
  if (state !== 'failed') return undefined
  return failure === null ? `${title}: this failed.` : sentences(failure)
}

/** The stage of the last step that has begun. */
function reached({ steps }: TaskSummary, stages: Readonly<Record<string, number>>): number {
  let stage = 1
  for (const { name, startedAt } of steps) if (startedAt !== null) stage = Math.max(stage, stages[name] ?? stage)
  return stage
}
