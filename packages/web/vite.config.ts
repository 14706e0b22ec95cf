import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The app. Its files are named by their content, so that a browser may keep them for ever. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  // The page may not run or load what stands in its own text; a small image would otherwise become part of a script.
  build: {
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Those that know light-dark(): what replaces it for older ones does not work in custom properties.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
  },
  server: { proxy: { '/api': 'http://127.0.0.1:4400', '/sign-in': 'http://127.0.0.1:4400' } },
})
