/** What became of one kind of fault. */
export interface Row {
  kind: string
  injected: number
  tasks: number
  lost: number
  twice: number
  artifacts: number
  /** Seconds, of each fault that something had to recover from. */
  recoveries: number[]
  /** Why it was not tried. */
  skipped?: string
}

/** Counts, by kind of fault, in the order they were tried. */
export class Tally {
  readonly #rows = new Map<string, Row>()
  /** What went wrong, in words. */
  readonly wrong: string[] = []

  row(kind: string): Row {
    let row = this.#rows.get(kind)
    if (row === undefined) {
      row = { kind, injected: 0, tasks: 0, lost: 0, twice: 0, artifacts: 0, recoveries: [] }
      this.#rows.set(kind, row)
    }
    return row
  }

  get rows(): Row[] {
    return [...this.#rows.values()]
  }

  get injected(): number {
    return this.rows.reduce((sum, { injected }) => sum + injected, 0)
  }

  /** One wrong thing, counted where it belongs and said in words. */
  blame(kind: string, what: 'lost' | 'twice' | 'artifacts', words: string): void {
    this.row(kind)[what]++
    this.wrong.push(`${kind}: ${words}`)
  }

  /** As the run ends with it. */
  table(): string {
    const head = ['fault', 'injected', 'tasks', 'lost', 'run twice', 'artifacts wrong', 'slowest recovery']
    const line = (row: Row): string[] => [
      row.kind,
      row.skipped === undefined ? String(row.injected) : 'skipped',
      String(row.tasks),
      String(row.lost),
      String(row.twice),
      String(row.artifacts),
      row.recoveries.length === 0 ? '-' : `${Math.max(...row.recoveries).toFixed(1)} s`,
    ]
    const total = this.rows.reduce<Row>(
      (sum, row) => ({
        kind: 'all',
        injected: sum.injected + row.injected,
        tasks: sum.tasks + row.tasks,
        lost: sum.lost + row.lost,
        twice: sum.twice + row.twice,
        artifacts: sum.artifacts + row.artifacts,
        recoveries: [...sum.recoveries, ...row.recoveries],
      }),
      { kind: 'all', injected: 0, tasks: 0, lost: 0, twice: 0, artifacts: 0, recoveries: [] },
    )
    const lines = [head, ...this.rows.map(line), line(total)]
    const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
    const text = lines.map((cells) =>
      cells
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    text.splice(1, 0, '-'.repeat(text[0]?.length ?? 0))
    text.splice(-1, 0, '-'.repeat(text[0]?.length ?? 0))
    for (const { kind, skipped } of this.rows) if (skipped !== undefined) text.push(`skipped: ${kind}: ${skipped}`)
    return text.join('\n')
  }
}
