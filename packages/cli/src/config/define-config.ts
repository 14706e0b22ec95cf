import type { UserConfig } from './schema.ts'

/**
 * Gives an `errand.config.ts` its types.
 *
 * @example
 * ```ts
 * import { defineConfig } from '@errand/cli'
 *
 * export default defineConfig({
 *   packs: [{ use: '@errand/course', options: { store: { scheme: 'fs', root: '/srv/courses' } } }],
 *   storages: { default: { scheme: 'fs', root: '/srv/errand' } },
 * })
 * ```
 */
export function defineConfig(config: UserConfig): UserConfig {
  return config
}
