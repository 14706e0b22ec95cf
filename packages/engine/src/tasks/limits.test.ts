import type { DefinitionShape } from '@errand/task'
import { expect, test } from 'vitest'
import { type LimitUse, limitReached } from './limits.ts'

const shape = { title: 'Export a course' } as Partial<DefinitionShape> as DefinitionShape
const freesAt = new Date('2026-11-25T12:00:00Z')

function said(use: Pick<LimitUse, 'kind' | 'most' | 'used'>): string[] {
  const problem = limitReached(shape, [{ by: 'owner', freesAt: use.kind === 'open' ? null : freesAt, ...use }])
  return [problem?.detail ?? '', problem?.hint ?? '']
}

test('a limit that is used up is named in words, for one and for more', () => {
  expect(said({ kind: 'open', most: 1, used: 1 })).toEqual([
    '1 at a time is allowed for one person, and 1 is not over.',
    'Wait until it is over, or cancel it.',
  ])
  expect(said({ kind: 'open', most: 3, used: 3 })).toEqual([
    '3 at a time are allowed for one person, and 3 are not over.',
    'Wait until one of them is over, or cancel one.',
  ])
  const again = 'One more can be started from 2026-11-25T12:00:00.000Z.'
  expect(said({ kind: 'perDay', most: 1, used: 1 })).toEqual(['1 within 24 hours is allowed for one person.', again])
  expect(said({ kind: 'perDay', most: 2, used: 2 })).toEqual(['2 within 24 hours are allowed for one person.', again])
  expect(limitReached(shape, [{ by: 'scope', freesAt: null, kind: 'open', most: 2, used: 1 }])).toBeUndefined()
})
