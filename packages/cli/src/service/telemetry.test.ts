import { expect, test } from 'vitest'
import { startTelemetry } from './telemetry.ts'

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }

test.each([
  ['nothing is set', {}],
  ['all of it is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_TRACES_EXPORTER: '' }],
  ['the SDK is disabled', { ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }],
  ['there is no exporter', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }],
])('nobody watches where %s', async (_, environment) => {
  expect(await startTelemetry(environment, 'serve')).toBeUndefined()
})

test.each([
  ['OTEL_TRACES_EXPORTER', 'zipkin', 'Expected: otlp.'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'Expected: http/protobuf, http/json.'],
  ['OTEL_TRACES_SAMPLER', 'sometimes', 'Expected: always_on, '],
  ['OTEL_TRACES_SAMPLER_ARG', '2', 'Expected: a number from 0 to 1.'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'Expected: an address that begins with http:// or https://'],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'nonsense', 'Expected: an address that begins'],
  ['OTEL_BSP_SCHEDULE_DELAY', 'soon', 'Expected: milliseconds'],
])('%s=%s stops the start', async (name, value, hint) => {
  await expect(startTelemetry({ ...ENDPOINT, [name]: value }, 'serve')).rejects.toMatchObject({
    message: `${name} is ${JSON.stringify(value)}`,
    hint: expect.stringContaining(hint),
    exit: 78,
  })
})
