import { ClaimLost, Problem } from '@errand/engine'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { report } from './report.ts'

const options = { what: 'a step', logger: pino({ level: 'silent' }), giveUp: new AbortController().signal }

test('a database that is away is tried again until it is back', async () => {
  let tries = 0
  const answer = await report(async () => {
    tries += 1
    if (tries < 3) throw new Error('connection refused')
  }, options)
  expect([answer, tries]).toEqual(['done', 3])
})

test('a lost claim and a refusal are not tried again', async () => {
  const lost = await report(() => Promise.reject(new ClaimLost('lost')), options)
  expect(lost).toBe('lost')
  const refusal = new Problem({ code: 'result-too-large', status: 422, title: 'Too large' })
  expect(await report(() => Promise.reject(refusal), options)).toBe(refusal)
})

test('it ends when it is told to give up', async () => {
  const giveUp = new AbortController()
  const answer = report(() => Promise.reject(new Error('away')), { ...options, giveUp: giveUp.signal })
  giveUp.abort()
  expect(await answer).toBe('given-up')
})
