/** A worker that is killed: it ends tasks as fast as it can, and tells their owners. Arguments: database, mail server. */
import { randomUUID } from 'node:crypto'
import { createEngine } from '../engine.ts'
import { tellShape } from './tell-shape.ts'

const [url = '', smtp = ''] = process.argv.slice(2)
const engine = await createEngine({
  database: { kind: 'postgres', url },
  storages: { default: { scheme: 'memory' } },
  notifications: { publicUrl: 'https://errand.example.org', email: { smtp, from: 'courses@example.org' } },
})
const worker = { id: randomUUID(), name: 'w', host: 'h', pid: process.pid, concurrency: 20 }
await engine.work.register(worker, [tellShape])
let wake = () => {}
engine.work.onWork(() => wake())
for (;;) {
  const told = new Promise<void>((resolve) => {
    wake = resolve
    setTimeout(resolve, 500)
  })
  const claims = await engine.work.claim(worker.id, worker.concurrency)
  await engine.work.heartbeat(worker.id, claims)
  await Promise.all(claims.map((claim) => engine.work.complete(claim, null)))
  if (claims.length === 0) await told
}
