/**
 * Where a spreadsheet would see a formula begin (OWASP, "CSV Injection"): at the beginning, and wherever one that separates
 * cells by something else would begin another, as many do by `;` for their language.
 */
const FORMULA = /^(?=[=+\-@\t\r\n])|(?<=[;\t\r\n])(?=[=+\-@])/g
/** Whether there is such a place: most of a million cells have none, and this tells it in a fraction of the time. */
const HAS_FORMULA = /^[=+\-@\t\r\n]|[;\t\r\n][=+\-@]/
const QUOTED = /[",\r\n]/
const NUMBER = /^[+-]?\d+([.,]\d+)?$/

/**
 * One line of a CSV file (RFC 4180), with its line end. What a spreadsheet would take for a formula gets a `'` before it,
 * so that a learner's name cannot run one on a teacher's machine, also where cells are separated by `;`; plain numbers stay as
 * they are.
 *
 * @example
 * ```ts
 * csvRow(['Ada', 97.5, 'says "hello"', '=1+1']) // 'Ada,97.5,"says ""hello""",\'=1+1\r\n'
 * ```
 */
export function csvRow(cells: readonly (string | number | boolean | null | undefined)[]): string {
  return `${cells.map(cell).join(',')}\r\n`
}

function cell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'string') return String(value)
  const text = HAS_FORMULA.test(value) && !NUMBER.test(value) ? value.replaceAll(FORMULA, "'") : value
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
