import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { accessPostgres, NO_PRIMARY } from './postgres-connection.ts'

/** A server that takes connections and says nothing. */
async function openSilence() {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

test('while no server accepts writes, what was to be connected does no harm later', async () => {
  const server = await openSilence()
  const nobody = await openSilence()
  await nobody.close()
  const hosts = `postgres://ada@127.0.0.1:${nobody.port},127.0.0.1:${nobody.port}/errand`
  const client = accessPostgres(hosts).client('never', { silence: 20 })
  await expect(client.connect()).rejects.toMatchObject({ code: NO_PRIMARY })

  // When this one has been given up, the silence of the other is over several times; an error there would end the run.
  const silent = accessPostgres(`postgres://ada@127.0.0.1:${server.port}/errand`).client('silent', { silence: 200 })
  await expect(silent.connect()).rejects.toThrow('said nothing for 0.2 s')
  await server.close()
})
