import { execFile, execFileSync } from 'node:child_process'
import { mkdir, open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Bytes: room for every output of a long run; the file behind it is sparse. */
const SIZE = 16 * 1024 ** 3

/** The storage folder, on a file system of its own that can be filled, closed and frozen. */
export interface Volume {
  readonly root: string
  /** Why it is a plain folder instead, which can do none of that. */
  readonly plain: string | undefined
  fill(): Promise<void>
  empty(): Promise<void>
  /** Every new file is refused. */
  refuse(yes: boolean): Promise<void>
  /** Every write hangs, in the kernel, until it is thawed. */
  freeze(yes: boolean): Promise<void>
  remove(): Promise<void>
}

export async function openVolume(folder: string): Promise<Volume> {
  const root = join(folder, 'storage')
  const image = join(folder, 'storage.img')
  const ballast = join(root, 'ballast')
  await mkdir(root, { recursive: true })
  const plain = await mount(image, root)
  let frozen = false
  const leave = () => {
    if (frozen) execFileSync('fsfreeze', ['--unfreeze', root])
    execFileSync('umount', ['--lazy', root])
  }
  // Before the folder it is in is removed.
  if (plain === undefined) process.prependOnceListener('exit', leave)
  const volume: Volume = {
    root,
    plain,
    async fill() {
      const { bavail, bfree, bsize } = await statfs(root)
      await run('fallocate', ['-l', String(Math.max(bavail, bfree) * bsize), ballast]).catch(() => undefined)
      // What fallocate could not take at once goes in small pieces.
      const file = await open(ballast, 'a')
      try {
        for (;;) await file.write(Buffer.alloc(1 << 16))
      } catch {
        // Full, as it should be.
      } finally {
        await file.close()
      }
    },
    empty: () => rm(ballast, { force: true }),
    async refuse(yes) {
      // Root may write everywhere, except into a folder that is marked as unchangeable.
      await run('chattr', [yes ? '+i' : '-i', join(root, '.partial')])
    },
    async freeze(yes) {
      if (yes === frozen) return
      await run('fsfreeze', [yes ? '--freeze' : '--unfreeze', root])
      frozen = yes
    },
    async remove() {
      await volume.freeze(false).catch(() => undefined)
      await volume.refuse(false).catch(() => undefined)
      process.off('exit', leave)
      if (plain === undefined) await run('umount', ['--lazy', root])
    },
  }
  return volume
}

/** @returns why it cannot be mounted */
async function mount(image: string, root: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'only root can mount a volume that fills up, fails and hangs'
  try {
    const file = await open(image, 'w')
    await file.truncate(SIZE)
    await file.close()
    // No space is kept for root, which this is.
    await run('mkfs.ext4', ['-q', '-m', '0', image])
    await run('mount', ['-o', 'loop', image, root])
    return undefined
  } catch (error) {
    return `no volume could be mounted: ${error instanceof Error ? error.message.trim().split('\n').at(-1) : error}`
  }
}
