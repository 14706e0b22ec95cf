import stringWidth from 'string-width'

/** A column of a table. */
export interface Column<Row> {
  title: string
  value: (row: Row) => string
  /** Numbers read better at the right. */
  align?: 'left' | 'right'
}

/**
 * Rows under their titles, each column as wide as it must be, in terminal cells: a wide letter is two.
 *
 * @example
 * ```ts
 * table([{ title: 'NAME', value: (row: { name: string }) => row.name }], [{ name: 'course.export' }])
 * ```
 */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [columns.map((column) => column.title), ...rows.map((row) => columns.map((c) => oneLine(c.value(row))))]
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => stringWidth(line[index] ?? ''))))
  return cells
    .map((line) =>
      line
        .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align ?? 'left'))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function pad(cell: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - stringWidth(cell)))
  return align === 'right' ? space + cell : cell + space
}

/**
 * One line without control characters: what others named must not move the cursor, colour the screen or
 * fake a row.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
}
