/** What a key in a reference names. */
export interface UsageKey {
  readonly org: string
  readonly course: string
  /** Older keys do not tell the run. */
  readonly run: string | undefined
  readonly type: string
  readonly name: string
}

/**
 * Reads a key of either syntax: `i4x://org/course/type/name` or `block-v1:org+course+run+type@type+block@name`.
 *
 * @returns undefined for anything else
 */
export function parseUsageKey(key: string): UsageKey | undefined {
  const old = /^i4x:\/\/([^/]+)\/([^/]+)\/([^/]+)\/([^/@]+)(?:@.*)?$/.exec(key)
  if (old !== null) {
    const [, org = '', course = '', type = '', name = ''] = old
    return { org, course, run: undefined, type, name }
  }
  const present = /^(?:block|lib-block)-v1:(.+)\+type@([^+]+)\+block@(.+)$/.exec(key)
  if (present === null) return undefined
  const [, context = '', type = '', name = ''] = present
  const [org = '', course = '', run] = context.split('+')
  return { org, course, run, type, name }
}
