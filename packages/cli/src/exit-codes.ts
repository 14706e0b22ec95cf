/** What the command's exit code says, for scripts. 64 and above are the numbers of sysexits.h. */
export const exitCode = {
  /** Done; with `--wait` and `watch`: the task completed, perhaps with errors that its definition tolerates. */
  ok: 0,
  /** The task failed, or the command did. */
  failed: 1,
  /** The task was canceled. */
  canceled: 2,
  /** The command was not used as it is meant to be: a flag, an argument, a field, a file to upload. */
  usage: 64,
  /** The server cannot be reached. */
  unavailable: 69,
  /** The data folder cannot be used. */
  cannotCreate: 73,
  /** The server does not accept the token, or the token may not do this. */
  notPermitted: 77,
  /** The configuration is not valid. */
  configuration: 78,
  /** Ended by Ctrl-C (128 + SIGINT); the task goes on. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]
