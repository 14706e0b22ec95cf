/**
 * A process that is killed: it works on tasks as fast as it can and says what it has been promised. Its folder is its
 * first argument; each line it prints is `submitted ID` or `completed ID STEP RESULT`.
 */
import { randomUUID } from 'node:crypto'
import { crashShape } from './crash-shape.ts'
import { openRooms } from './rooms.ts'

const [dataDir = ''] = process.argv.slice(2)
const rooms = await openRooms({ kind: 'pglite', dataDir }, [crashShape])
const submit = async () => {
  for (;;) {
    const { id } = await rooms.submit({ definition: crashShape.name, input: {} })
    process.stdout.write(`submitted ${id}\n`)
  }
}
const work = async () => {
  for (;;) {
    for (const claim of await rooms.claim(3)) {
      const result = randomUUID()
      await rooms.work.complete(claim, result)
      process.stdout.write(`completed ${claim.taskId} ${claim.step} ${result}\n`)
    }
  }
}
await Promise.all([submit(), work(), work()])
