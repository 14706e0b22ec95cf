import { destination, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

/** Logs to standard error: to be read on a terminal, JSON lines for everything else. */
export function createLogger(level: string, json: boolean): Logger {
  // Synchronous, as the last lines before a crash are the ones that matter.
  if (json || !process.stderr.isTTY) return pino({ level }, destination({ dest: 2, sync: true }))
  const colorize = process.env.NO_COLOR === undefined || process.env.NO_COLOR === ''
  return pino(
    { level },
    pretty({ destination: 2, sync: true, colorize, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' }),
  )
}
