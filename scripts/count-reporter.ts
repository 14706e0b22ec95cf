import type { Reporter, TestModule } from 'vitest/node'

/** Says at the end how many tests there were, in one line of plain words that any program can read. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    for (const { children } of modules) for (const test of children.allTests()) count[test.result().state]++
    // What never ended has not passed; a file that could not be read or set up fails with no test of it failing.
    const broken = modules.filter(
      (one) => one.state() === 'failed' && one.children.allTests('failed').next().done,
    ).length
    console.log(`${count.passed} passed, ${count.failed + count.pending + broken} failed, ${count.skipped} skipped`)
  }
}
