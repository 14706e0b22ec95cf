import { CliError } from '../cli-error.ts'
import { exitCode } from '../exit-codes.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Switches tracing on where the standard `OTEL_…` variables ask for it. The SDK is loaded only then.
 *
 * @param command - what the service is called, unless `OTEL_SERVICE_NAME` says otherwise
 * @returns sends what is still to be sent, and ends it; `undefined` where nobody asks for it
 * @throws {CliError} for a variable that asks for what there is not
 * @example
 * ```ts
 * const stop = await startTelemetry(process.env, 'worker')
 * if (stop !== undefined) closing.add(stop)
 * ```
 */
export async function startTelemetry(
  environment: Environment,
  command: string,
): Promise<(() => Promise<void>) | undefined> {
  // By the specification, an empty variable is one that is not set.
  const env = (name: string) => environment[name]?.trim() || undefined
  const exporter = env('OTEL_TRACES_EXPORTER')
  const endpoint = env('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? env('OTEL_EXPORTER_OTLP_ENDPOINT')
  if (env('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || exporter === 'none') return undefined
  if (exporter === undefined && endpoint === undefined) return undefined
  oneOf('OTEL_TRACES_EXPORTER', exporter ?? 'otlp', ['otlp'])
  address('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', env('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'))
  address('OTEL_EXPORTER_OTLP_ENDPOINT', env('OTEL_EXPORTER_OTLP_ENDPOINT'))
  const protocol = oneOf(
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    env('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? env('OTEL_EXPORTER_OTLP_PROTOCOL') ?? 'http/protobuf',
    ['http/protobuf', 'http/json'],
  )
  const sampler = oneOf('OTEL_TRACES_SAMPLER', env('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on', [
    'always_on',
    'always_off',
    'traceidratio',
    'parentbased_always_on',
    'parentbased_always_off',
    'parentbased_traceidratio',
  ])
  const { startTracing } = await import('./tracing.ts')
  return startTracing({
    service: command === 'serve' ? 'errand' : `errand-${command}`,
    protocol,
    sampler,
    ratio: fraction('OTEL_TRACES_SAMPLER_ARG', env('OTEL_TRACES_SAMPLER_ARG') ?? '1'),
    delayMs: milliseconds('OTEL_BSP_SCHEDULE_DELAY', env('OTEL_BSP_SCHEDULE_DELAY') ?? '5000'),
  })
}

function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value)
  if (found === undefined) throw wrong(name, value, known.join(', '))
  return found
}

function address(name: string, value: string | undefined): void {
  if (value === undefined || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol))) return
  throw wrong(name, value, 'an address that begins with http:// or https://')
}

function fraction(name: string, value: string): number {
  const number = Number(value)
  if (!(number >= 0 && number <= 1)) throw wrong(name, value, 'a number from 0 to 1')
  return number
}

function milliseconds(name: string, value: string): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 0) throw wrong(name, value, 'milliseconds, as a whole number')
  return number
}

function wrong(name: string, value: string, expected: string): CliError {
  return new CliError(`${name} is ${JSON.stringify(value)}`, {
    hint: `Expected: ${expected}. OTEL_SDK_DISABLED=true switches tracing off.`,
    exit: exitCode.configuration,
  })
}
