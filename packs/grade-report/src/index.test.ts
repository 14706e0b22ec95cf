import { packOf } from '@errand/task'
import { expect, test } from 'vitest'
import * as module from './index.ts'

test('the pack has its definition, and checks its options', () => {
  const pack = packOf('@errand/grade-report', module)
  expect(pack.definitions.map(({ shape }) => shape.name)).toEqual(['grade-report'])
  expect(pack.configure({ store: { scheme: 'memory' } }).stores).toEqual({ shelf: { scheme: 'memory' } })
  expect(() => pack.configure({ shop: {} })).toThrow('The options of the pack @errand/grade-report are not valid')
})
