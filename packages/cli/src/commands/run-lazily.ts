import type { ServiceParts } from '../service/run-service.ts'

/** The engine, the server and the worker are loaded by the commands that run them: `errand list` should not wait for a database. */
export async function runService(parts: ServiceParts): Promise<void> {
  const service = await import('../service/run-service.ts')
  await service.runService(parts)
}
