import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packs/*/src/**/*.test.ts', 'e2e/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ['scripts/test-seed.ts'],
    globalSetup: ['scripts/test-databases.ts'],
    pool: 'forks',
    maxWorkers: 2,
  },
})
