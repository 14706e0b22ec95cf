import { type TaskDefinition, TaskFailure } from '@errand/task'

/** As many as a person corrects in one go. */
const ISSUES_SHOWN = 10

/**
 * The input as the author's schema makes it, with its defaults. The server checked it against the JSON
 * Schema, which cannot say everything: a refinement is only known here.
 *
 * @throws {TaskFailure} `input-invalid`, naming each field
 */
export async function parseInput(definition: TaskDefinition, input: unknown): Promise<unknown> {
  const parsed = await definition.input.safeParseAsync(input)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'input'}: ${message}`)
  const more = issues.length > ISSUES_SHOWN ? `; and ${issues.length - ISSUES_SHOWN} more` : ''
  throw new TaskFailure({
    code: 'input-invalid',
    title: `The input of "${definition.shape.title}" is not valid`,
    detail: issues.slice(0, ISSUES_SHOWN).join('; ') + more,
    hint: 'Correct the fields that are named and start the task again.',
  })
}
