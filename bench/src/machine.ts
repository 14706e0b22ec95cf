import { readFile } from 'node:fs/promises'
import { cpus, loadavg, totalmem } from 'node:os'

/** What a measurement was made on. The load says whether the machine was busy with other things. */
export function machineLine(): string {
  const [processor] = cpus()
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(' ')
  return `${cpus().length} × ${processor?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, load average ${load}`
}

/** The most memory a process has had at once, in bytes. Linux only. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(status) ?? []
  return Number(kibibytes) * 1_024
}
