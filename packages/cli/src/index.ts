/**
 * What a configuration file imports.
 *
 * @packageDocumentation
 */
export { defineConfig } from './config/define-config.ts'
export type { UserConfig } from './config/schema.ts'
