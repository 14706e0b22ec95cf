import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'

/**
 * Pages link to files and folders of the repository, which are no pages of the site: there they are shown as their path.
 * A link to what is not there stays as it is, for the check of dead links to find.
 */
export function repositoryLinks(md: MarkdownRenderer, root: string): void {
  md.core.ruler.push('repository-links', (state) => {
    const page: unknown = state.env.path
    if (typeof page !== 'string') return
    for (const { children } of state.tokens) {
      let plain = false
      for (const token of children ?? []) {
        // The bundler takes a bare name for a package.
        if (token.type === 'html_inline') token.content = token.content.replace(/(src=")(?=[\w-]+\.webp")/, '$1./')
        if (token.type === 'link_open') {
          const target = token.attrGet('href') ?? ''
          plain = isPlain(join(dirname(page), decodeURI(target.replace(/#.*$/, ''))), target)
          if (plain) token.attrs = [['title', join(dirname(page), target).slice(root.length + 1)]]
        }
        if (plain && (token.type === 'link_open' || token.type === 'link_close')) token.tag = 'span'
        if (token.type === 'link_close') plain = false
      }
    }
  })
}

/** A folder, or a file that is no page. */
function isPlain(path: string, target: string): boolean {
  if (/^([a-z]+:|#|\/)/.test(target) || !existsSync(path)) return false
  return statSync(path).isDirectory() || !path.endsWith('.md')
}
