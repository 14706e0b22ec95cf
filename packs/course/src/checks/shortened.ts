/** Characters of a message or a name in a report. Names of real courses are far shorter; ones made up have as many as an attribute may. */
export const TEXT_LIMIT = 300
/** Characters of a path in a report: enough to find any real file by it. */
export const PATH_LIMIT = 1_000

/** The text, cut where it is longer, so that thousands of long ones make no report that nobody can open. */
export function shortened(text: string, limit = TEXT_LIMIT): string {
  if (text.length <= limit) return text
  // Half a character is none.
  return `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}
