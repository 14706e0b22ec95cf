/**
 * A pack is a module that exports task definitions: that is all there is to it. Read in this order:
 *
 * 1. `hello.ts`: a task of one step. Input, output, and a failure that its user understands.
 * 2. `hello.test.ts`: how it is tested, with the real engine in memory.
 * 3. `letters.ts`: a file handed in, something done for each of many, and a second version.
 * 4. `letters.test.ts`: what becomes of those that fail.
 * 5. `snapshots.test.ts`: what old versions left half-way, the new one finishes. Run before each deployment.
 */
export { hello } from './hello.ts'
export { letters } from './letters.ts'
