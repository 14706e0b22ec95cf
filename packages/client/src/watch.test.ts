import { expect, test } from 'vitest'
import { createClient } from './client.ts'
import { events, json, scriptedServer } from './testing/scripted-server.ts'

const transition = (sequence: number) =>
  `id: ${sequence}\nevent: transition\ndata: ${JSON.stringify({ taskId: 't', sequence, to: 'running' })}\n\n`
const log = (id: number) =>
  `event: log\ndata: ${JSON.stringify({ taskId: 't', id, step: 's', message: `line ${id}` })}\n\n`
const task = (state: string) => `event: task\ndata: ${JSON.stringify({ id: 't', state })}\n\n`
const end = 'event: end\ndata: {}\n\n'
const problem = (status: number, code: string) =>
  json(status, { code, title: code, status, detail: '' }, { 'Content-Type': 'application/problem+json' })

/** What the watcher was told, in short. */
async function told(url: string, options: Parameters<ReturnType<typeof createClient>['watchTask']>[1] = {}) {
  const seen: string[] = []
  for await (const event of createClient({ server: url }).watchTask('t', options)) {
    if (event.type === 'transition') seen.push(`transition ${event.transition.sequence}`)
    if (event.type === 'log') seen.push(`log ${event.line.id}`)
    if (event.type === 'task') seen.push(event.task.state)
  }
  return seen
}

test('follows a task to its end', async () => {
  const { url, requests } = await scriptedServer(
    events(`retry: 1000\n\n: still here\n\n${transition(1)}${log(1)}${task('completed')}${end}`, 'silence'),
  )
  expect(await told(url)).toEqual(['transition 1', 'log 1', 'completed'])
  expect(requests[0]?.headers['last-event-id']).toBe('0')
})

test('comes back after a cut where it was, and tells nothing twice', async () => {
  const { url, requests } = await scriptedServer(
    events(`${transition(1)}${transition(2)}${log(7)}${transition(3).slice(0, 20)}`, 'cut'),
    events(`${transition(2)}${transition(3)}${log(7)}${log(8)}`, 'end'),
    problem(503, 'stopping'),
    (request) => void request.socket.destroy(),
    events(`${transition(4)}${task('failed')}${end}`, 'silence'),
  )
  const lost: string[] = []
  let back = 0
  const seen = await told(url, { onLost: (error) => lost.push(String(error)), onBack: () => back++ })
  expect(seen).toEqual(['transition 1', 'transition 2', 'log 7', 'transition 3', 'log 8', 'transition 4', 'failed'])
  expect(requests.map((request) => request.headers['last-event-id'])).toEqual(['0', '2', '3', '3', '3'])
  expect(lost).toHaveLength(4)
  expect(back).toBe(2)
})

test('takes a silent connection for a dead one', async () => {
  const { url } = await scriptedServer(
    events(transition(1), 'silence'),
    events(`${task('completed')}${end}`, 'silence'),
  )
  expect(await told(url, { silence: 2_000 })).toEqual(['transition 1', 'completed'])
})

test('says at once when there is no server, and when the server says no', async () => {
  await expect(told('http://127.0.0.1:4')).rejects.toMatchObject({ code: 'server-unreachable' })
  const { url } = await scriptedServer(problem(404, 'task-unknown'))
  await expect(told(url)).rejects.toMatchObject({ name: 'ApiProblem', code: 'task-unknown', status: 404 })
})

test('gives up when the patience is over, or the answer is no', async () => {
  const away = await scriptedServer(events(transition(1), 'cut'))
  await expect(told(away.url, { patience: 50 })).rejects.toMatchObject({ code: 'server-unreachable' })
  const no = await scriptedServer(events(transition(1), 'cut'), problem(401, 'unauthenticated'))
  await expect(told(no.url)).rejects.toMatchObject({ code: 'unauthenticated' })
})

test('an abort ends it, also between two connections, and closes the connection', async () => {
  const { url, requests } = await scriptedServer(events(transition(1), 'silence'))
  const stop = new AbortController()
  const watching = createClient({ server: url }).watchTask('t', { signal: stop.signal })
  expect((await watching.next()).value).toMatchObject({ type: 'transition' })
  const socket = requests[0]?.socket
  const closed = new Promise((resolve) => socket?.once('close', resolve))
  stop.abort()
  await expect(watching.next()).rejects.toMatchObject({ name: 'AbortError' })
  await closed

  const away = await scriptedServer(events(transition(1), 'cut'))
  const gone = new AbortController()
  await expect(told(away.url, { signal: gone.signal, onLost: () => gone.abort() })).rejects.toMatchObject({
    name: 'AbortError',
  })
})

test('leaving the loop closes the connection', async () => {
  const { url, requests } = await scriptedServer(events(transition(1), 'silence'))
  for await (const event of createClient({ server: url }).watchTask('t')) {
    expect(event.type).toBe('transition')
    break
  }
  const socket = requests[0]?.socket
  if (!socket?.destroyed) await new Promise((resolve) => socket?.once('close', resolve))
})

test('who watches all tasks is told when something may have been missed', async () => {
  const { url } = await scriptedServer(events(task('running'), 'cut'), events(task('completed'), 'silence'))
  const seen: string[] = []
  for await (const event of createClient({ server: url }).watchTasks()) {
    seen.push(event.type === 'task' ? event.task.state : event.type)
    if (seen.length === 3) break
  }
  expect(seen).toEqual(['running', 'gap', 'completed'])
})
