import fc from 'fast-check'
import { v7 as uuidv7 } from 'uuid'
import { expect, test } from 'vitest'
import { idWindow } from './id-window.ts'

const times = fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2100, 0) })

test('every id of a window begins with one of its beginnings, and the window goes back as far as was asked', () => {
  fc.assert(
    fc.property(
      times,
      fc.integer({ min: 0, max: 1e11 }),
      fc.integer({ min: 1, max: 200 }),
      times,
      (newest, span, factor, other) => {
        const [high, low] = [uuidv7({ msecs: newest }), uuidv7({ msecs: newest - span })]
        const { from, words } = idWindow(high, low, factor)
        const beginnings = [...words.matchAll(/[0-9a-f]+(?=:\*)/g)].map(String)
        expect(beginnings.length).toBeLessThanOrEqual(18)
        expect(from <= uuidv7({ msecs: Math.max(0, newest - span * factor) })).toBe(true)
        const id = uuidv7({ msecs: other })
        const inside = id >= from && id <= high
        if (inside) expect(beginnings.some((beginning) => id.startsWith(beginning))).toBe(true)
        for (const beginning of beginnings) expect(beginning.padEnd(8, '0') >= from.slice(0, 8)).toBe(true)
        expect(beginnings.some((beginning) => high.startsWith(beginning))).toBe(true)
        if (low >= from) expect(beginnings.some((beginning) => low.startsWith(beginning))).toBe(true)
      },
    ),
  )
})
