import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isProblem } from '@errand/engine'
import { loadWebApp, type WebApp } from '@errand/server'
import type { Logger } from 'pino'

/**
 * The web app that comes with the command. In a checkout it may not be built yet (`npm start` does so): then there is
 * the API alone, and the log says how to come by the rest.
 */
export async function webApp(logger: Logger): Promise<{ web?: WebApp }> {
  const folder = join(dirname(fileURLToPath(import.meta.resolve('@errand/web/package.json'))), 'dist')
  try {
    return { web: await loadWebApp(folder) }
  } catch (error) {
    if (!isProblem(error)) throw error
    logger.warn(`${error.title}. ${error.hint}`)
    return {}
  }
}
