import { readdir, readFile } from 'node:fs/promises'

/** Milliseconds in one tick of /proc, on every Linux that matters. */
const TICK = 10

interface Stat {
  parent: number
  /** Of the process itself, and of its children that have ended, in ticks. */
  own: number
  ended: number
}

/**
 * The processor time that processes and their children have taken so far, in milliseconds. Unlike the time on the clock
 * it is hardly changed by what else the machine does. Linux only.
 */
export async function processorTime(pids: readonly number[]): Promise<number> {
  const stats = new Map<number, Stat>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readStat(name)
    if (stat !== undefined) stats.set(Number(name), stat)
  }
  let ticks = 0
  for (const [pid, { own, ended, parent }] of stats)
    if (pids.includes(pid) || pids.includes(parent)) ticks += own + ended
  return ticks * TICK
}

async function readStat(pid: string): Promise<Stat | undefined> {
  // One that has ended meanwhile has none.
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  // The second field is a name in brackets, which may hold blanks; what follows it begins with the third.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  return { parent: field(4), own: field(14) + field(15), ended: field(16) + field(17) }
}
