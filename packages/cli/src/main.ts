import { buildProgram } from './program.ts'
import { reportError } from './report-error.ts'

/** Runs the command line and leaves its exit code in `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  // `errand list | head`: whoever read has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  const { program, running } = buildProgram()
  try {
    await program.parseAsync(argv)
  } catch (error) {
    const report = reportError(error, running())
    if (report.text !== '') process.stderr.write(`${report.text}\n`)
    process.exitCode = report.exit
  }
}
