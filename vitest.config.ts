import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Tests start some hundreds of processes. What was compiled and stripped of its types is kept for the next one: with the
// engine in it, a process starts with two thirds of the work.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/node')

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packs/*/src/**/*.test.ts', 'e2e/**/*.test.ts', 'examples/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ['scripts/test-seed.ts'],
    globalSetup: ['scripts/test-databases.ts'],
    reporters: ['default', './scripts/count-reporter.ts'],
    pool: 'forks',
    maxWorkers: 2,
  },
})
