import { Buffer } from 'node:buffer'
import { CONTAINERS, OPTION_NAMESPACE } from './block-types.ts'
import type { Assessment } from './course.ts'
import { ATTRIBUTE_LIMIT } from './limits.ts'
import { type Link, linksInJson, linksOf } from './links.ts'
import type { XmlElement } from './xml.ts'

/** Whether an element holds neither elements nor text. */
export function isEmpty(element: XmlElement): boolean {
  return element.children.length === 0 && element.textLine === undefined
}

/** A tag as people recognise it. */
export function tag(element: XmlElement): string {
  for (const name of ['url_name', 'slug', 'display_name', 'name', 'filename']) {
    const value = element.attributes.get(name)
    if (value) return `<${element.name} ${name}="${value.slice(0, 100)}">`
  }
  return `<${element.name}>`
}

/** The settings of a block: its attributes, and the ones written as elements. */
export function settingsOf(element: XmlElement): ReadonlyMap<string, string> {
  const settings = new Map<string, string>()
  for (const [name, value] of element.attributes) settings.set(name, detached(value))
  for (const child of element.children) {
    if (child.namespace !== OPTION_NAMESPACE || settings.has(child.local)) continue
    settings.set(child.local, child.attributes.get('none') === 'true' ? 'null' : detached(child.text))
  }
  return settings
}

/** The name people see; a policy's wins over the file's. */
export function displayNameOf(policy: unknown, attributes: ReadonlyMap<string, string>): string | undefined {
  if (typeof policy === 'object' && policy !== null && 'display_name' in policy) {
    if (typeof policy.display_name === 'string') return policy.display_name
  }
  return attributes.get('display_name')
}

/** What the checks need of a block's content, so that the content itself need not be kept. */
export function contentOf(
  element: XmlElement,
  type: string,
): { links: readonly Link[]; assessments: readonly Assessment[]; dataProblem: string | undefined } {
  // The content of a container is blocks, which have their own links.
  const shell = CONTAINERS.has(type) ? { ...element, children: [] } : element
  let links = linksOf(shell)
  let dataProblem: string | undefined
  const data = element.attributes.get('data')
  if (type === 'drag-and-drop-v2' && data !== undefined) {
    try {
      const value: unknown = JSON.parse(data)
      if (typeof value !== 'object' || value === null || Array.isArray(value)) dataProblem = 'it is not a JSON object'
      links = [...links, ...linksInJson(value, element.line)]
    } catch (error) {
      dataProblem = error instanceof Error ? error.message : String(error)
    }
  }
  const assessments: Assessment[] = []
  if (type === 'openassessment') {
    for (const list of element.children.filter(({ name }) => name === 'assessments')) {
      for (const { name, attributes, line } of list.children) {
        if (name === 'assessment')
          assessments.push({ start: attributes.get('start'), due: attributes.get('due'), line })
      }
    }
  }
  return { links, assessments, dataProblem }
}

/** A copy of a value, cut to what is kept. A part of a string keeps the whole in memory, here the text of a file. */
function detached(value: string): string {
  return Buffer.from(value.slice(0, ATTRIBUTE_LIMIT), 'utf16le').toString('utf16le')
}
