import { Buffer } from 'node:buffer'
import type { Transcript } from './course.ts'
import { LINK_LIMIT } from './limits.ts'
import type { XmlElement } from './xml.ts'

/**
 * The files in `static/` that a video takes its transcripts from, in all the ways that releases wrote them: an element for each
 * language, JSON in an attribute, the name of the oldest format, and the ones that go with the platform's own id of the video.
 */
export function transcriptsOf(video: XmlElement): Transcript[] {
  const names = new Map<string, number>()
  const add = (name: unknown, line: number) => {
    if (typeof name !== 'string' || name.trim() === '' || names.size >= LINK_LIMIT) return
    // A copy: a part of a string keeps the whole file's text in memory.
    if (!names.has(name)) names.set(Buffer.from(name, 'utf16le').toString('utf16le'), line)
  }
  for (const { attributes, line, name } of video.children) {
    if (name === 'transcript') add(attributes.get('src'), line)
  }
  for (const name of Object.values(objectOf(video.attributes.get('transcripts')))) add(name, video.line)
  const sub = video.attributes.get('sub')?.trim()
  if (sub) add(`subs_${sub}.srt.sjson`, video.line)
  const id = video.attributes.get('edx_video_id')?.trim()
  if (id) for (const { line, name } of ownTranscripts(video, id)) add(name, line)
  return [...names].map(([name, line]) => ({ name, line }))
}

function ownTranscripts(video: XmlElement, id: string): Transcript[] {
  const found: Transcript[] = []
  for (const list of childrenOf(childrenOf([video], 'video_asset'), 'transcripts')) {
    for (const { attributes, line } of childrenOf([list], 'transcript')) {
      const language = attributes.get('language_code')
      const format = attributes.get('file_format')
      if (language && format) found.push({ name: `${id}-${language}.${format}`, line })
    }
  }
  return found
}

function childrenOf(elements: readonly XmlElement[], name: string): XmlElement[] {
  return elements.flatMap(({ children }) => children.filter((child) => child.name === name))
}

/** What JSON in an attribute holds; nothing where it is none, which is said of settings elsewhere. */
function objectOf(json: string | undefined): object {
  try {
    const value: unknown = JSON.parse(json ?? '')
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
