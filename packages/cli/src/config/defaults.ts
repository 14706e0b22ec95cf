/** Every default of the command, with its unit and the reason for it. The handbook prints this table. */
export const defaults = {
  /** Folder. Beside the work it belongs to, and easy to put into .gitignore. */
  data: '.errand',
  /** TCP port. Free on most machines, and not one that browsers refuse. 0 takes any free one. */
  port: 4400,
  /** Address. Only this machine, as the embedded server speaks plain HTTP. */
  host: '127.0.0.1',
  /** Steps at once. Two cores' worth: enough for a step that computes beside one that waits for storage. */
  concurrency: 4,
  /** Bytes of one upload, 20 GiB: the largest course archives people have are near 10. */
  maxUploadSize: 20 * 1024 ** 3,
  /** Seconds a step in hand has to finish on SIGTERM. Container platforms send SIGKILL after 30 by default. */
  stopGrace: 20,
  /** What is logged, to stderr. Warnings only: `serve` shares the terminal with a person. */
  logLevel: 'warn',
  /** Packs that run when none is named: the one that everybody can try at once. */
  packs: ['@errand/course'],
} as const

/** The levels of pino, and `silent`. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** The names a configuration file is looked for under, in this order. */
export const configFileNames = [
  'errand.config.ts',
  'errand.config.mts',
  'errand.config.js',
  'errand.config.mjs',
  'errand.config.json',
] as const
