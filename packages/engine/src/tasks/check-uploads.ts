import type { DefinitionShape } from '@errand/task'
import { isId } from '../access/policy.ts'
import { Problem } from '../problem.ts'
import type { Principal } from '../types.ts'
import type { TaskServices } from './services.ts'

/**
 * The files the task is to work with: each one that the definition needs, and none that it does not take.
 *
 * @throws {Problem} `upload-unexpected`, `upload-missing`, `upload-unknown`, `upload-too-large` (422)
 */
export async function checkUploads(
  services: TaskServices,
  shape: DefinitionShape,
  given: Readonly<Record<string, string>>,
  who: Principal,
): Promise<{ name: string; id: string; sha256: string }[]> {
  const checked: { name: string; id: string; sha256: string }[] = []
  for (const name of Object.keys(given)) {
    if (shape.uploads[name] === undefined) {
      throw new Problem({
        code: 'upload-unexpected',
        status: 422,
        title: `${shape.title} takes no upload "${name}"`,
        hint: `It takes: ${Object.keys(shape.uploads).join(', ') || 'none'}.`,
      })
    }
  }
  for (const [name, { optional, title, maxSize }] of Object.entries(shape.uploads)) {
    const id = given[name]
    if (id === undefined) {
      if (optional) continue
      throw new Problem({
        code: 'upload-missing',
        status: 422,
        title: `${shape.title} needs the file "${name}"`,
        detail: `${title} was not handed in.`,
        hint: `On the command line: --upload ${name}=PATH.`,
      })
    }
    const upload = isId(id) ? await services.uploads.hold(id) : undefined
    if (upload === undefined || (upload.owner !== who.id && !who.staff)) {
      throw new Problem({
        code: 'upload-unknown',
        status: 422,
        title: `The upload for "${name}" is not known`,
        detail: `There is no upload ${id}, or it has expired.`,
        hint: 'Upload the file again and use the id you are given.',
      })
    }
    if (maxSize !== undefined && upload.size > maxSize) {
      throw new Problem({
        code: 'upload-too-large',
        status: 422,
        title: `The file for "${name}" is too large`,
        detail: `It has ${upload.size} bytes; ${maxSize} bytes are allowed.`,
      })
    }
    checked.push({ name, id: upload.id, sha256: upload.sha256 })
  }
  return checked
}
