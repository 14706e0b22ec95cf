import { shapeOf, stepOf } from './shapes.ts'

/** What the process that is killed works on. */
export const crashShape = shapeOf([stepOf('a'), stepOf('b'), stepOf('c', { after: ['a', 'b'] })], { name: 'crash' })
