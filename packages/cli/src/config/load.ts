import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { z } from 'zod'
import { CliError } from '../cli-error.ts'
import { exitCode } from '../exit-codes.ts'
import { closest } from '../input/closest.ts'
import { configFileNames } from './defaults.ts'
import { fromEnvironment, variables } from './environment.ts'
import { type Config, type ConfigKey, configSchema } from './schema.ts'

/** Where a value came from, in the order in which they win. */
type Source = 'flag' | 'environment' | 'file'

export interface LoadOptions {
  /** The folder the command was started in. */
  cwd: string
  environment: NodeJS.ProcessEnv
  /** `--config`. */
  file?: string | undefined
  /** What the command line says. */
  flags?: { [Key in ConfigKey]?: unknown }
}

/** The checked configuration, and the file it came from. */
export interface LoadedConfig {
  config: Config
  /** Absolute; `undefined` when there is none. */
  file: string | undefined
}

/**
 * Reads the configuration: the command line wins over the environment, that over the file, that over the defaults.
 * Paths in the file are relative to it, others to the folder the command runs in.
 *
 * @throws {CliError} exit 78, with the name of the wrong key, what was expected, and where it stands
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const file = findFile(options.cwd, options.file)
  const inFile = file === undefined ? {} : anchor(await readConfigFile(file), dirname(file))
  const inEnvironment = fromEnvironment(options.environment)
  const flags = Object.fromEntries(Object.entries(options.flags ?? {}).filter(([, value]) => value !== undefined))
  const sourceOf = (key: string): Source => (key in flags ? 'flag' : key in inEnvironment ? 'environment' : 'file')

  const parsed = configSchema.safeParse({ ...inFile, ...inEnvironment, ...flags })
  if (!parsed.success) throw invalid(parsed.error.issues, sourceOf, file)
  const config = parsed.data
  return { config: { ...config, data: resolve(options.cwd, config.data) }, file }
}

function findFile(cwd: string, named: string | undefined): string | undefined {
  if (named === undefined) return configFileNames.map((name) => resolve(cwd, name)).find((path) => existsSync(path))
  const path = resolve(cwd, named)
  if (existsSync(path)) return path
  throw new CliError(`the configuration file ${named} does not exist`, {
    hint: 'Check the path given with --config.',
    exit: exitCode.configuration,
  })
}

async function readConfigFile(file: string): Promise<Record<string, unknown>> {
  let found: unknown
  try {
    if (file.endsWith('.json')) found = JSON.parse(readFileSync(file, 'utf8'))
    else found = ((await import(pathToFileURL(file).href)) as { default?: unknown }).default
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'Correct the file, or name another with --config.',
      exit: exitCode.configuration,
      cause: error,
    })
  }
  if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found as Record<string, unknown>
  throw new CliError(`${file} has no configuration object`, {
    hint: file.endsWith('.json') ? 'Write one object: { … }.' : 'Write: export default defineConfig({ … }).',
    exit: exitCode.configuration,
  })
}

/** Makes the paths in a file independent of the folder the command runs in. Package names stay as they are. */
function anchor(config: Record<string, unknown>, folder: string): Record<string, unknown> {
  const place = (path: unknown) => (typeof path === 'string' && !isAbsolute(path) ? resolve(folder, path) : path)
  const placeUse = (use: unknown) => (typeof use === 'string' && /^\.{1,2}(\/|$)/.test(use) ? place(use) : use)
  const anchored = { ...config }
  if (isObject(config.identity)) {
    const { authenticate, roles } = config.identity
    anchored.identity = {
      ...config.identity,
      ...(authenticate === undefined ? {} : { authenticate: placeUse(authenticate) }),
      ...(roles === undefined ? {} : { roles: placeUse(roles) }),
    }
  }
  if (isObject(config.notifications)) {
    anchored.notifications = {
      ...config.notifications,
      ...('platform' in config.notifications ? { platform: placeUse(config.notifications.platform) } : {}),
    }
  }
  if ('data' in config) anchored.data = place(config.data)
  if ('scopeEnds' in config) anchored.scopeEnds = placeUse(config.scopeEnds)
  if (Array.isArray(config.packs)) {
    anchored.packs = config.packs.map((pack: unknown) =>
      typeof pack === 'object' && pack !== null && 'use' in pack
        ? { ...pack, use: placeUse(pack.use) }
        : placeUse(pack),
    )
  }
  return anchored
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(
  issues: readonly z.core.$ZodIssue[],
  sourceOf: (key: string) => Source,
  file: string | undefined,
): CliError {
  const lines = issues.flatMap((issue) => describe(issue, sourceOf, file))
  const rest = lines.length > 1 ? `\n${lines.slice(1).join('\n')}` : ''
  return new CliError(`the configuration is not valid: ${lines[0] ?? 'unknown key'}${rest}`, {
    exit: exitCode.configuration,
  })
}

function describe(issue: z.core.$ZodIssue, sourceOf: (key: string) => Source, file: string | undefined): string[] {
  const key = String(issue.path[0] ?? '')
  const at = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    const known = issue.path.length === 0 ? Object.keys(configSchema.shape) : key === 'packs' ? ['use', 'options'] : []
    return issue.keys.map((name) => {
      const near = closest(name, known)
      const advice =
        near === undefined
          ? `${known.length === 0 ? 'see the handbook' : `known are ${known.join(', ')}`}`
          : `did you mean ${near}?`
      return `${at === '' ? name : `${at}.${name}`} in ${file ?? 'the configuration'} is not a known key; ${advice}`
    })
  }
  const expected =
    issue.code === 'invalid_union' && key === 'packs'
      ? 'expected a package name, or { use, options }'
      : plain(issue.message)
  if (!(key in variables)) return [`${at}: ${expected}`]
  const source = sourceOf(key)
  const where =
    source === 'flag' ? `--${kebab(key)}` : source === 'environment' ? variables[key as ConfigKey].name : file
  return [`${at} (${where ?? 'default'}): ${expected}`]
}

const kebab = (key: string) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
/** zod begins its sentences with "Invalid input:"; the reader knows that. */
const plain = (message: string) => message.replace(/^Invalid (input|option): /, '')
