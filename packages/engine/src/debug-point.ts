/**
 * Named places in the windows where a crash hurts most. They do nothing, unless `ERRAND_DEBUG_POINTS` names one
 * and what is to happen there, as the chaos tests do.
 */
export type DebugPoint =
  | 'after-claim'
  | 'before-commit'
  | 'after-commit-before-settle'
  | 'mid-artifact'
  | 'before-seal'
  | 'after-submit'
  | 'mid-registration'
  | 'mid-promotion'
  | 'after-move-claim'
  | 'mid-move'
  | 'mid-migration'

type Action = 'kill' | 'hang'

interface Order {
  point: string
  /** Only for this step, where it is given. */
  step: string | undefined
  action: Action
}

/**
 * Reads `after-claim:kill`, `after-claim@unpack:kill`, or several of them with commas between.
 *
 * @throws {TypeError} for what is no such order: a chaos test that injects nothing must not pass
 */
export function parseDebugPoints(text: string): Order[] {
  return text
    .split(',')
    .map((order) => order.trim())
    .filter((order) => order !== '')
    .map((order) => {
      const [, point, step, action] = /^([a-z-]+)(?:@([\w-]+))?:(kill|hang)$/.exec(order) ?? []
      if (point === undefined || (action !== 'kill' && action !== 'hang')) {
        throw new TypeError(`ERRAND_DEBUG_POINTS: "${order}" is not POINT:kill, POINT:hang or POINT@STEP:kill`)
      }
      return { point, step, action }
    })
}

const orders = parseDebugPoints(process.env.ERRAND_DEBUG_POINTS ?? '')

/**
 * A place where chaos tests stop or kill the process.
 *
 * @param step - the step it is about, so that a test can choose one
 */
export function debugPoint(point: DebugPoint, step?: string): Promise<void> | undefined {
  if (orders.length === 0) return undefined
  const order = orders.find((each) => each.point === point && (each.step === undefined || each.step === step))
  if (order === undefined) return undefined
  if (order.action === 'kill') process.kill(process.pid, 'SIGKILL')
  // Killed or hanging, nothing goes on from here.
  return new Promise(() => undefined)
}
