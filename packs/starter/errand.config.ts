import { defineConfig } from '@errand/cli'

/** What `npm start` runs. A wrong key or value stops the start and says which. */
export default defineConfig({
  // This folder: whatever src/index.ts exports. On a platform you name the installed package instead.
  packs: ['.'],
})
