/** Every default of the command, with its unit and the reason for it. Limits of the engine, the server and the worker are theirs. */
export const defaults = {
  /** Folder. Beside the work it belongs to, and easy to put into .gitignore. */
  data: '.errand',
  /** TCP port. Free on most machines, and not one that browsers refuse. 0 takes any free one. */
  port: 4400,
  /** Address. Only this machine, as the embedded server speaks plain HTTP. */
  host: '127.0.0.1',
  /** How outputs are delivered. Works with every storage, and with nothing in front. */
  delivery: 'stream',
  /** Path that nginx has for files. Not one that anything else is likely to have. */
  accelPrefix: '/errand-files',
  /** Seconds a step in hand has to finish on SIGTERM. Container platforms send SIGKILL after 30 by default. */
  stopGrace: 20,
  /** What is logged, to stderr. Warnings only: `serve` shares the terminal with a person. */
  logLevel: 'warn',
  /** Packs that run when none is named: those that everybody can try at once. */
  packs: ['@errand/course', '@errand/grade-report'],
  /** Seconds for which `watch` and `--wait` try to reach a server that went away. A restart or a deployment takes less. */
  reconnectFor: 600,
  /** Share of a disk that `doctor` wants free. With less, a day of outputs may fill it, and a full one fails every write. */
  diskFree: 0.05,
  /** Tasks that `list` shows: a screen. */
  listLimit: 30,
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
