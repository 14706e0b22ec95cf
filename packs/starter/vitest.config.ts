import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    // A testbed has a database and threads of its own; a busy machine needs its time to start them.
    hookTimeout: 120_000,
    testTimeout: 120_000,
  },
})
