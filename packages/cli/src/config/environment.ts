import type { ConfigKey } from './schema.ts'

/** How the text of a variable becomes a value of the configuration. */
type Kind = 'text' | 'number' | 'json' | 'list'

/** The environment variable of each key. `DATABASE_URL` is the name that platforms set. */
export const variables: { readonly [Key in ConfigKey]: { name: string; kind: Kind } } = {
  database: { name: 'DATABASE_URL', kind: 'text' },
  storages: { name: 'ERRAND_STORAGES', kind: 'json' },
  routes: { name: 'ERRAND_ROUTES', kind: 'json' },
  delivery: { name: 'ERRAND_DELIVERY', kind: 'text' },
  accelPrefix: { name: 'ERRAND_ACCEL_PREFIX', kind: 'text' },
  quota: { name: 'ERRAND_QUOTA', kind: 'json' },
  scopeEnds: { name: 'ERRAND_SCOPE_ENDS', kind: 'text' },
  retention: { name: 'ERRAND_RETENTION', kind: 'json' },
  packs: { name: 'ERRAND_PACKS', kind: 'list' },
  identity: { name: 'ERRAND_IDENTITY', kind: 'json' },
  studio: { name: 'ERRAND_STUDIO', kind: 'json' },
  notifications: { name: 'ERRAND_NOTIFICATIONS', kind: 'json' },
  data: { name: 'ERRAND_DATA', kind: 'text' },
  port: { name: 'ERRAND_PORT', kind: 'number' },
  host: { name: 'ERRAND_HOST', kind: 'text' },
  concurrency: { name: 'ERRAND_CONCURRENCY', kind: 'number' },
  maxUploadSize: { name: 'ERRAND_MAX_UPLOAD_SIZE', kind: 'number' },
  stopGrace: { name: 'ERRAND_STOP_GRACE', kind: 'number' },
  logLevel: { name: 'ERRAND_LOG_LEVEL', kind: 'text' },
}

/** What the environment says of the configuration, by key; each value still to be checked. An empty variable says nothing. */
export function fromEnvironment(environment: NodeJS.ProcessEnv): Partial<Record<ConfigKey, unknown>> {
  const found: Partial<Record<ConfigKey, unknown>> = {}
  for (const key of Object.keys(variables) as ConfigKey[]) {
    const text = environment[variables[key].name]
    if (text !== undefined && text !== '') found[key] = parse(text, variables[key].kind)
  }
  return found
}

/** A text that is not of its kind stays a text: the schema then says what was expected. */
function parse(text: string, kind: Kind): unknown {
  if (kind === 'number') return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text
  if (kind === 'json' || (kind === 'list' && /^\s*\[/.test(text))) {
    try {
      return JSON.parse(text)
    } catch {
      return text
    }
  }
  if (kind === 'list') {
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
  }
  return text
}
