import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gradeOf } from './grade.ts'
import { learnersAfter } from './roster.ts'

const rosters = fc.record({ seed: fc.integer(), learners: fc.integer({ min: 0, max: 300 }) })

test('a roster is the same each time, its ids sort as it does, and each cursor goes on where it stopped', () => {
  fc.assert(
    fc.property(rosters, fc.nat(300), (roster, at) => {
      const all = [...learnersAfter(roster, undefined)]
      expect(all).toHaveLength(roster.learners)
      const ids = all.map(({ id }) => id)
      expect(ids).toEqual(ids.toSorted())
      expect(new Set(ids).size).toBe(ids.length)
      const place = Math.min(at, all.length)
      expect([...learnersAfter(roster, ids[place - 1])]).toEqual(all.slice(place))
    }),
  )
})

test('grades are whole percents, the same each time; a share of the records cannot be read', () => {
  const roster = { seed: 7, learners: 20_000 }
  let unreadable = 0
  for (const learner of learnersAfter(roster, undefined)) {
    const grade = gradeOf({ seed: 7, minimum: 60, unreadable: 0 }, learner)
    expect(Number.isInteger(grade.percent) && grade.percent >= 0 && grade.percent <= 100).toBe(true)
    expect(grade.passed).toBe(grade.percent >= 60)
    expect(gradeOf({ seed: 7, minimum: 60, unreadable: 0 }, learner)).toEqual(grade)
    try {
      gradeOf({ seed: 7, minimum: 60, unreadable: 0.01 }, learner)
    } catch (error) {
      expect(error).toMatchObject({ code: 'grades-unreadable', retryable: false })
      unreadable++
    }
  }
  expect(unreadable).toBeGreaterThan(100)
  expect(unreadable).toBeLessThan(300)
})
