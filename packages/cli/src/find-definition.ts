import type { Definition, ErrandClient } from '@errand/client'
import { usageError } from './cli-error.ts'
import { closest } from './input/closest.ts'

/** The promoted version of the definition, or the one named with `@`. @throws {CliError} exit 64 */
export async function findDefinition(given: string, client: ErrandClient): Promise<Definition> {
  const [name = '', version, ...rest] = given.split('@')
  if (name === '' || rest.length > 0 || (version !== undefined && !/^[1-9]\d*$/.test(version))) {
    throw usageError(`${given} is not NAME or NAME@VERSION`, 'For example: course.export, or course.export@1.')
  }
  const all = await client.definitions()
  const versions = all.filter((definition) => definition.name === name)
  const found = versions.find((one) => (version === undefined ? one.promoted : one.version === Number(version)))
  if (found !== undefined) return found
  if (versions.length > 0) {
    const known = versions.map((one) => `${name}@${one.version}`).join(', ')
    throw usageError(
      version === undefined ? `${name} has no current version` : `there is no ${given}`,
      `There is ${known}.`,
    )
  }
  const names = [...new Set(all.map((definition) => definition.name))]
  const near = closest(name, names)
  const hint =
    names.length === 0
      ? 'No worker has registered any yet: start one with errand serve or errand worker.'
      : near === undefined
        ? `There is ${names.join(', ')}.`
        : `Did you mean ${near}?`
  throw usageError(`there is no task ${name}`, hint)
}
