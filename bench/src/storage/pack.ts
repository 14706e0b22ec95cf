import { randomBytes } from 'node:crypto'
import { artifact, defineTask } from '@errand/task'
import { z } from 'zod'

/** A file of any size, which no compression makes smaller. */
export const big = defineTask({
  name: 'bench.big',
  version: 1,
  title: 'Write a big file',
  input: z.object({ megabytes: z.int().min(1) }),
  artifacts: { file: artifact({ filename: 'big.bin' }) },
}).step('write', { title: 'Write it' }, async ({ artifacts, input }) => {
  const piece = randomBytes(1_000_000)
  await artifacts.file.write(
    (function* () {
      for (let written = 0; written < input.megabytes; written += 1) yield piece
    })(),
  )
})
