/** Prints rows under a head, in columns: the first to the left, the numbers to the right. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  const text = [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)]
  process.stdout.write(`${text.join('\n')}\n`)
}
