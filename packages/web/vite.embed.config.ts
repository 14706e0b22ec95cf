import { defineConfig } from 'vite'

/** The elements for pages of the platform: one script, without a framework. Its name stays, as pages write it down. */
export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  build: {
    emptyOutDir: false,
    lib: { entry: 'src/embed/embed.ts', formats: ['es'], fileName: () => 'embed.js' },
  },
})
