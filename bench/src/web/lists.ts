import { createClient, type ErrandClient, type TaskFilter } from '@errand/client'
import { COURSES, courseOf, PEOPLE } from './tasks-table.ts'

/** How long each answer took, in milliseconds, and how many tasks the last one had. */
export interface ListMeasured {
  what: string
  took: number[]
  found: number
}

type Ask = (round: number, client: ErrandClient) => Promise<TaskFilter>

const DAY = 86_400_000
const days = (from: number, to: number) => ({
  createdFrom: new Date(Date.now() - from * DAY),
  createdBefore: new Date(Date.now() - to * DAY),
})
const plain =
  (filter: (round: number) => TaskFilter): Ask =>
  async (round) =>
    filter(round)

/** A page far down, as whoever scrolls comes to it: by the last task of the page before. */
const farDown: Ask = async (round, client) => {
  const { tasks } = await client.tasks({ createdBefore: new Date(Date.now() - (5 + round) * DAY), limit: 1 })
  return { pageToken: tasks[0]?.id ?? '' }
}

const asked: readonly [who: string, what: string, ask: Ask][] = [
  ['root', 'everything', plain(() => ({}))],
  ['root', 'a page far down', farDown],
  ['root', 'failed', plain(() => ({ state: ['failed'] }))],
  ['root', 'failed or canceled', plain(() => ({ state: ['failed', 'canceled'] }))],
  ['root', 'running: none', plain(() => ({ state: ['pending', 'running'] }))],
  ['root', 'of a definition', plain(() => ({ definition: 'web.copy' }))],
  ['root', 'of a course', plain((round) => ({ scope: `course:${courseOf((round * 31) % COURSES)}` }))],
  ['root', 'of a person', plain((round) => ({ owner: `p${(round * 17) % PEOPLE}` }))],
  ['root', 'of a day', plain((round) => days(40 + (round % 30), 39 + (round % 30)))],
  ['root', 'a frequent word', plain(() => ({ q: 'report' }))],
  ['root', 'a rare word', plain((round) => ({ q: `C${(round * 13) % COURSES}` }))],
  ['root', 'two words, failed', plain((round) => ({ q: `grade c${(round * 13) % COURSES}`, state: ['failed'] }))],
  ['root', 'a word that is nowhere', plain((round) => ({ q: `zebra${round}` }))],
  [
    'root',
    'failed, of a definition, of a month',
    plain(() => ({ state: ['failed'], definition: 'web.report', ...days(60, 30) })),
  ],
  ['p17', 'mine', plain(() => ({ owner: 'me' }))],
  ['p17', 'mine, with a word', plain(() => ({ q: 'report' }))],
  ['lead', 'staff in 20 courses', plain(() => ({}))],
  ['lead', 'staff in 20 courses, failed', plain(() => ({ state: ['failed'] }))],
  ['lead', 'staff in 20 courses, with a word', plain((round) => ({ q: `C${1 + (round % 20)}` }))],
  ['mate', 'of the team in 20 courses', plain(() => ({}))],
]

/** Asks for each kind of list over HTTP, one after the other, as a page does: 50 tasks. */
export async function measureLists(server: string, samples: number): Promise<ListMeasured[]> {
  const measured: ListMeasured[] = []
  for (const [who, what, ask] of asked) {
    const client = createClient({ server, token: who })
    const took: number[] = []
    let found = 0
    for (let round = -2; round < samples; round++) {
      const filter = await ask(Math.abs(round), client)
      const begin = performance.now()
      found = (await client.tasks({ ...filter, limit: 50 })).tasks.length
      // The first two bring connections, plans and pages into memory.
      if (round >= 0) took.push(performance.now() - begin)
    }
    measured.push({ what: `${who}: ${what}`, took, found })
  }
  return measured
}
