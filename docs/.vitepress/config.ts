import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { defineConfig, type Plugin } from 'vitepress'
import { repositoryLinks } from './repository-links.ts'
import { sidebar } from './sidebar.ts'

const root = resolve(import.meta.dirname, '../..')
const pages = new Set(sidebar.flatMap(({ items }) => items.map(({ link }) => link.slice(1))))

/** Pages that lie outside this folder find Vue here, too. */
const vueOfThisFolder: Plugin = {
  name: 'vue-of-this-folder',
  enforce: 'pre',
  resolveId(source, importer, { ssr }) {
    if (!/^vue(\/|$)/.test(source)) return null
    // Pages are rendered within this folder, where Node finds it by itself.
    if (ssr === true) return { id: source, external: true }
    if (importer === undefined || importer.includes('/node_modules/')) return null
    return this.resolve(source, import.meta.filename, { skipSelf: true })
  },
}

/** The handbook as a site. Its pages stay where they are in the repository, so that links work in both. */
export default defineConfig({
  title: 'Errand',
  description: 'Long-running tasks for the users of a platform: started, watched, finished and found.',
  srcDir: '..',
  srcExclude: ['**/node_modules/**', '**/.errand*/**', 'bench/**', 'packs/starter/**', 'examples/**', 'dist/**'],
  outDir: './.vitepress/dist',
  cacheDir: './.vitepress/cache',
  vite: { plugins: [vueOfThisFolder] },
  markdown: { config: (md) => repositoryLinks(md, root) },
  themeConfig: {
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
  },
  transformPageData(page) {
    // Beside the pages that the sidebar names there are those of the repository's folders: found, not listed.
    return pages.has(page.relativePath) ? {} : { frontmatter: { ...page.frontmatter, prev: false, next: false } }
  },
  async buildEnd({ outDir }) {
    await writeFile(
      join(outDir, 'index.html'),
      '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=./README.html"><title>Errand</title>\n',
    )
  },
})
