import { z } from 'zod'
import { defaults, logLevels } from './defaults.ts'
import { identity } from './identity.ts'
import { notifications } from './notifications.ts'
import { storage, storageName } from './storage.ts'

const pack = z.union([
  z
    .string()
    .min(1)
    .transform((use): { use: string; options?: unknown } => ({ use })),
  z.strictObject({
    /** A package name, or a path to a folder or file, relative to the configuration file. */
    use: z.string().min(1),
    /** The pack's own; it checks them. */
    options: z.unknown().optional(),
  }),
])

const days = z.union([z.number().min(0), z.literal('forever')], { error: 'expected days, or "forever"' }).optional()
const states = { completed: days, completed_with_errors: days, failed: days, canceled: days }

/** `course.export`, `course.export/archive`. */
const ROUTE = /^[a-z][a-z0-9.-]*(\/[a-z][a-zA-Z0-9_-]*)?$/

/** What `errand.config.ts` may say. Everything has a default. */
export const configSchema = z.strictObject({
  /** `postgres://…`, with several hosts where there are standbys; without it, PGlite in the data folder. */
  database: z
    .string()
    .regex(/^postgres(ql)?:\/\/\S+$/i, 'Invalid URL: write postgres://ACCOUNT:PASSWORD@HOST:PORT/DATABASE')
    .optional(),
  /** Where outputs and uploads lie. `default` is where everything goes that is not routed elsewhere. */
  storages: z
    .record(storageName, storage)
    .refine((storages) => 'default' in storages, { message: 'needs an entry named "default"' })
    .optional(),
  /** Which outputs go elsewhere than to `default`: `{ 'grade-report': 'reports', 'grade-report/errors': 'default' }`. */
  routes: z
    .record(z.string(), storageName)
    .refine((routes) => Object.keys(routes).every((key) => ROUTE.test(key)), {
      message: 'names what goes where by DEFINITION or DEFINITION/SLOT',
    })
    .optional(),
  /** How outputs reach whoever downloads them; what a storage cannot do is done as a stream. */
  delivery: z.enum(['stream', 'redirect', 'x-accel', 'x-sendfile']).default(defaults.delivery),
  /** For `x-accel`: the location that nginx has for files, followed by the storage's name and the key. */
  accelPrefix: z
    .string()
    .regex(/^(\/[\w.-]+)+$/, 'Invalid: write a path such as /errand-files')
    .default(defaults.accelPrefix),
  /** Bytes that the outputs of a scope may take: every scope's, and that of some. */
  quota: z
    .strictObject({ default: z.int().min(0).optional(), scopes: z.record(z.string(), z.int().min(0)).optional() })
    .optional(),
  /** A module whose default export says when a scope ends: `(scope) => Promise<Date | null>`. */
  scopeEnds: z.string().min(1).optional(),
  /** Days that the history of tasks is kept after their end, by state; and where a definition has another rule. */
  retention: z
    .strictObject({ ...states, definitions: z.record(z.string(), z.strictObject(states)).optional() })
    .optional(),
  packs: z.array(pack).min(1).optional(),
  /** The folder for everything this machine keeps. */
  data: z.string().min(1).default(defaults.data),
  /** How people are known beside personal access tokens: the platform's own tokens, and modules for anything else. */
  identity: identity.optional(),
  /** Answers what Open edX Studio's front end asks of it for imports and exports; without it, nothing is answered there. */
  studio: z
    .strictObject({
      /** Origins of the front end's pages: `https://apps.example.org`. */
      origins: z
        .array(
          z
            .url({ protocol: /^https?$/ })
            .refine((text) => URL.canParse(text) && new URL(text).origin === text, 'is an origin without a path'),
        )
        .default([]),
    })
    .optional(),
  /** How people are told, beside their inbox. */
  notifications: notifications.optional(),
  port: z.int().min(0).max(65_535).default(defaults.port),
  host: z.string().min(1).default(defaults.host),
  /** Steps that one worker works at once. Without it the worker looks at the machine. */
  concurrency: z.int().min(1).max(256).optional(),
  /** The largest upload, in bytes. Without it the server's own limit holds. */
  maxUploadSize: z.int().min(1).optional(),
  /** How long a step in hand may still run when the process is asked to stop, in seconds. */
  stopGrace: z.number().min(0).max(3_600).default(defaults.stopGrace),
  logLevel: z.enum(logLevels).default(defaults.logLevel),
})

/** What a person writes. */
export type UserConfig = z.input<typeof configSchema>
/** The same, checked, with the defaults. */
export type Config = z.output<typeof configSchema>
export type PackUse = NonNullable<Config['packs']>[number]
export type ConfigKey = keyof Config
