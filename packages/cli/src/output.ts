import { type Paint, painter } from './format/paint.ts'

/** Where a command writes. Results go to standard output, everything else to standard error. */
export interface Output {
  /** A result, with its line end. */
  print(text: string): void
  /** A result for programs. */
  json(value: unknown): void
  /** How to go on, what happens: not part of the result. */
  note(text: string): void
  paint: Paint
  /** For a display that redraws. */
  terminal: NodeJS.WriteStream | undefined
}

/** @param json - whether the result is JSON: then nothing but that goes to standard output */
export function processOutput(json: boolean): Output {
  const stream = json ? process.stderr : process.stdout
  return {
    print: (text) => void process.stdout.write(`${text}\n`),
    json: (value) => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
    paint: painter(stream),
    terminal: canRedraw(stream) ? stream : undefined,
  }
}

/** TERM=dumb says that the cursor cannot be moved, and a terminal without a size cannot be drawn on. */
function canRedraw(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && process.env.TERM !== 'dumb' && stream.columns > 0 && stream.rows > 0
}
