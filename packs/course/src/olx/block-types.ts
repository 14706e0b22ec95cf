/**
 * What the reader and the checks must know of block types. A type that is not listed is read all the same.
 *
 * @packageDocumentation
 */

/** The namespace in which settings too long or too odd for an attribute are written as child elements. */
export const OPTION_NAMESPACE = 'http://code.edx.org/xblock/option'

/** Blocks whose child elements are blocks. */
export const CONTAINERS: ReadonlySet<string> = new Set([
  'course',
  'library',
  'chapter',
  'section',
  'sequential',
  'videosequence',
  'vertical',
  'unit',
  'problemset',
  'conditional',
  'split_test',
  'library_content',
  'itembank',
  'randomize',
  'wrapper',
])

/** Child elements of containers that are settings or content, not blocks, each with the one container it means something in. */
export const NOT_BLOCKS: ReadonlyMap<string, string> = new Map([
  ['wiki', 'course'],
  ['textbook', 'course'],
  ['show', 'conditional'],
])

/** Blocks the platform itself keeps one file each for: an empty tag with nothing but a `url_name` must have that file. */
export const FILED_TYPES: ReadonlySet<string> = new Set([
  ...CONTAINERS,
  'html',
  'problem',
  'video',
  'discussion',
  'word_cloud',
  'annotatable',
  'textannotation',
  'videoannotation',
  'imageannotation',
  'lti',
  'poll_question',
  'custom_tag_template',
])

/** Leaf blocks whose child elements are content, whatever they look like. */
export const LEAVES: ReadonlySet<string> = new Set([
  'html',
  'problem',
  'video',
  'discussion',
  'word_cloud',
  'annotatable',
  'textannotation',
  'videoannotation',
  'imageannotation',
  'lti',
  'lti_consumer',
  'poll',
  'poll_question',
  'survey',
  'drag-and-drop-v2',
  'openassessment',
  'edx_sga',
  'done',
])

/** Blocks that keep what learners did: a name that changes with their content loses it. */
export const STATEFUL_TYPES: ReadonlySet<string> = new Set([
  'problem',
  'sequential',
  'video',
  'course',
  'chapter',
  'videosequence',
  'poll_question',
  'vertical',
])

/** Blocks that may be written as an empty tag without being a mistake. */
export function mayBeEmpty(type: string): boolean {
  return !(CONTAINERS.has(type) || type === 'html' || type === 'problem') || type === 'library'
}

const STRUCTURE: ReadonlySet<string> = new Set([
  'course',
  'library',
  'chapter',
  'sequential',
  'videosequence',
  'section',
  'wiki',
  'textbook',
])
const CHILDREN: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['course', new Set(['chapter', 'wiki', 'textbook'])],
  ['chapter', new Set(['sequential'])],
  ['sequential', new Set(['vertical'])],
  // The oldest layout; what it allowed is kept allowed.
  ['section', new Set(['sequential', 'videosequence', 'vertical'])],
])

/** Whether authors' tools can show a block of this type inside that one. */
export function mayContain(parent: string, child: string): boolean {
  const listed = CHILDREN.get(parent)
  if (listed !== undefined) return listed.has(child)
  if (STRUCTURE.has(child)) return false
  return !(parent === 'vertical' && child === 'vertical') && !(parent === 'library' && child === 'vertical')
}
