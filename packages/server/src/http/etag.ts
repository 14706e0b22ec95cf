/** A strong entity tag around what identifies the content. */
export function strongTag(opaque: string): string {
  return `"${opaque}"`
}

/**
 * Whether If-None-Match names the tag: the client has this very content already. Weak comparison, as RFC 9110 says
 * for this header.
 */
export function noneMatch(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag)
}
