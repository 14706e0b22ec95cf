import { shapeOf, stepOf } from './shapes.ts'

/** What the processes of the test of lost workers and mail servers work on. */
export const tellShape = shapeOf([stepOf('work')], { title: 'A report' })
