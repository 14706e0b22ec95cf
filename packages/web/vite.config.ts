import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/**
 * Chromium then compiles the whole script beside the main thread while it comes, and not each function once it is
 * called: a fifth of the processor time until the first list. Others read a comment. It must stand before all else.
 */
const compileAtOnce: Plugin = {
  name: 'compile-at-once',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === 'chunk' && file.isEntry) file.code = `//# allFunctionsCalledOnLoad\n${file.code}`
      }
    },
  },
}

/** The app. Its files are named by their content, so that a browser may keep them for ever. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compileAtOnce],
  build: {
    // The page may not run or load what stands in its own text; a small image would otherwise become part of a script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Those that know light-dark(): what replaces it for older ones does not work in custom properties.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // kB; what every first page needs is one file, as each request costs a browser more than the bytes in it.
    chunkSizeWarningLimit: 600,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] } } },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:4400', '/sign-in': 'http://127.0.0.1:4400' } },
})
