import { obeyOrders } from '../order.ts'
import type { Services } from '../services.ts'
import type { Starter } from './system.ts'
import { systemOf } from './systems/index.ts'

/** What the process that measures tells one of a system's processes. */
export type Order =
  | { do: 'open'; system: string; role: 'start' | 'work'; services: Services }
  | { do: 'run'; items: number; file: string }
  | { do: 'close' }

let starter: Starter | undefined
let close = async (): Promise<void> => undefined

obeyOrders<Order, void>(
  async (order) => {
    if (order.do === 'close') return close()
    if (order.do === 'run') {
      if (starter === undefined) throw new Error('Not open')
      return starter.run(order.items, order.file)
    }
    const system = systemOf(order.system)
    if (order.role === 'start') starter = await system.openStarter(order.services)
    const opened = starter ?? (await system.openWorker(order.services))
    close = () => opened.close()
  },
  ({ do: what }) => what === 'close',
)
