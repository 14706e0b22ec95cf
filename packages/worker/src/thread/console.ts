import { format } from 'node:util'
import { parentPort } from 'node:worker_threads'
import { CONSOLE_LINE_LIMIT, CONSOLE_RATE } from '../config.ts'
import { cut, RateLimit } from '../rate-limit.ts'
import { currentStep } from './current-step.ts'
import type { ConsoleLine } from './messages.ts'

/**
 * Sends what task code writes to the console, or straight to stdout and stderr, to the worker's logger, with
 * the step it came from. Through the thread's own streams it would arrive without one, and a flood would
 * pile up in the main thread.
 */
export function forwardConsole(): void {
  const limit = new RateLimit(CONSOLE_RATE)
  const forward = (level: ConsoleLine['level'], text: string) => {
    if (text === '' || !limit.allow()) return
    const step = currentStep.getStore()
    const where = step === undefined ? {} : { taskId: step.taskId, step: step.step }
    const leftOut = limit.takeLeftOut()
    if (leftOut > 0) post({ errand: 'console', level: 'warn', text: `${leftOut} lines were left out`, ...where })
    post({ errand: 'console', level, text: cut(text, CONSOLE_LINE_LIMIT), ...where })
  }
  replaceWrite(process.stdout, (line) => forward('info', line))
  replaceWrite(process.stderr, (line) => forward('error', line))
  console.debug = (...args: unknown[]) => forward('debug', format(...args))
  console.log = (...args: unknown[]) => forward('info', format(...args))
  console.info = console.log
  console.warn = (...args: unknown[]) => forward('warn', format(...args))
  console.error = (...args: unknown[]) => forward('error', format(...args))
}

function post(line: ConsoleLine): void {
  parentPort?.postMessage(line)
}

function replaceWrite(stream: NodeJS.WriteStream, line: (text: string) => void): void {
  let rest = ''
  const write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | ((error?: Error | null) => void),
    callback?: (error?: Error | null) => void,
  ): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const each of lines) line(each)
    // A line that never ends must not fill the memory.
    if (rest.length > CONSOLE_LINE_LIMIT) {
      line(rest)
      rest = ''
    }
    const done = typeof encoding === 'function' ? encoding : callback
    if (done) process.nextTick(done)
    return true
  }
  stream.write = write
}
