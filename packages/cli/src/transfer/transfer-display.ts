import { createLogUpdate } from 'log-update'
import { cut } from '../display/live.ts'
import type { Paint } from '../format/paint.ts'
import { progressBar } from '../format/steps.ts'
import { oneLine } from '../format/table.ts'
import { bytes } from '../format/units.ts'

/** Milliseconds between two pictures. */
const REDRAW_EVERY = 100
/** Cells of the bar. */
const BAR = 24

/** Shows how much of a file has gone through; nothing where there is no terminal. */
export interface TransferDisplay {
  update(done: number): void
  close(): void
}

/** @param total - bytes in all */
export function transferDisplay(
  label: string,
  total: number,
  stream: NodeJS.WriteStream | undefined,
  paint: Paint,
): TransferDisplay {
  if (stream === undefined) return { update: () => {}, close: () => {} }
  const draw = createLogUpdate(stream)
  const began = performance.now()
  let drawn = Number.NEGATIVE_INFINITY
  return {
    update(done) {
      const now = performance.now()
      if (now - drawn < REDRAW_EVERY && done < total) return
      drawn = now
      const bar = progressBar({ done, total, unit: null, message: null }, BAR, paint)
      const seconds = (now - began) / 1_000
      const rate = seconds > 1 ? `  ${bytes(Math.round(done / seconds))}/s` : ''
      const text = `${bytes(done)} of ${bytes(total)}${rate}`
      const room = Math.max(8, (stream.columns || 80) - BAR - 12 - text.length)
      draw(`${cut(oneLine(label), room)}  ${bar === '' ? '' : `${bar}  `}${text}`)
    },
    close() {
      draw.clear()
      draw.done()
    },
  }
}
