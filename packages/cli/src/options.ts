import { type Command, Option } from 'commander'
import { usageError } from './cli-error.ts'

/** What every command that asks a server takes. */
export interface RemoteOptions {
  json?: true
  server?: string
  data?: string
}

export function withRemoteOptions(command: Command): Command {
  return command
    .option('--json', 'print JSON, for programs')
    .option('--server <url>', 'the server to ask (default: ERRAND_SERVER, or the one of the data folder)')
    .option('--data <dir>', 'the data folder of a server on this machine (default: ERRAND_DATA, or .errand)')
}

/** What every command that runs a server or a worker takes. */
export interface ServiceOptions {
  json?: true
  config?: string
  data?: string
  logLevel?: string
}

export function withServiceOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'the folder for everything this machine keeps (default: .errand)')
    .option('--config <file>', 'the configuration file (default: errand.config.ts here, if there is one)')
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent (default: warn)')
    .option('--json', 'print and log JSON, for programs')
}

/** A flag that may be given several times. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description)
    .default([], 'none')
    .argParser((value: string, before: string[]) => [...before, value])
}

/** @throws {CliError} exit 64 */
export function wholeNumber(flag: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw usageError(`${flag} ${text} is not a whole number from ${least} to ${most}`)
  }
}
