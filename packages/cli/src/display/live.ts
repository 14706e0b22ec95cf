import { createLogUpdate } from 'log-update'
import stringWidth from 'string-width'
import type { Paint } from '../format/paint.ts'
import type { ShownStep, ShownTask } from '../format/shown.ts'
import { attemptText, mark, progressBar, progressText, stepTime, visibleSteps } from '../format/steps.ts'
import { oneLine } from '../format/table.ts'
import type { TaskDisplay } from './display.ts'
import { logText } from './plain.ts'

/** Milliseconds between two pictures: smooth to the eye, and nothing for the processor. */
const REDRAW_EVERY = 100
/** Cells of a progress bar. */
const BAR = 24
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** The task's steps, drawn again in place as they go on. */
export function liveDisplay(stream: NodeJS.WriteStream, paint: Paint, clock = () => new Date()): TaskDisplay {
  const draw = createLogUpdate(stream)
  let task: ShownTask | undefined
  let connected = true
  let tick = 0

  const picture = () => {
    if (task === undefined) return
    const spinner = SPINNER[tick % SPINNER.length] ?? '▸'
    const notes = [...(task.waiting === null ? [] : [task.waiting]), ...(connected ? [] : [LOST])]
    const lines = stepLines(task, { now: clock(), spinner, width: stream.columns || 80, paint })
    draw([...lines, ...notes.map((note) => paint('yellow', `  ${oneLine(note)}`))].join('\n'))
  }
  const timer = setInterval(() => {
    tick += 1
    picture()
  }, REDRAW_EVERY)

  return {
    update(next) {
      task = next
      picture()
    },
    log(name, message) {
      const title = task?.steps.find((step) => step.name === name)?.title
      draw.persist(paint('dim', `  ${logText(title, message)}`))
    },
    connection(state) {
      connected = state === 'restored'
      picture()
    },
    close() {
      clearInterval(timer)
      picture()
      draw.done()
    },
  }
}

const LOST = 'The server cannot be reached; trying again'

interface Look {
  now: Date
  spinner: string
  /** Cells of the terminal. */
  width: number
  paint: Paint
}

/** The picture as lines, none wider than the terminal. */
export function stepLines(task: ShownTask, look: Look): string[] {
  const steps = visibleSteps(task.steps)
  const titles = steps.map((step) => oneLine(step.title))
  const room = Math.min(Math.max(...titles.map((title) => stringWidth(title))), Math.floor(look.width / 2))
  return steps.map((step, index) => stepLine(step, cut(titles[index] ?? '', room), room, look))
}

function stepLine(step: ShownStep, title: string, room: number, look: Look): string {
  const { paint, now, width } = look
  const sign = step.state === 'running' ? paint('cyan', look.spinner) : mark(step.state, paint)
  const name = title + ' '.repeat(Math.max(0, room - stringWidth(title)))
  const time = stepTime(step, now).padStart(8)
  let left = width - 2 - room - 2 - stringWidth(time) - 1
  const parts = [
    sign,
    `${step.state === 'pending' || step.state === 'ready' ? paint('dim', name) : name} ${paint('dim', time)}`,
  ]
  const active = step.state === 'running' && step.progress !== null ? step.progress : undefined
  if (active !== undefined && left > BAR + 8) {
    const bar = progressBar(active, BAR, paint)
    if (bar !== '') {
      parts.push(` ${bar}`)
      left -= BAR + 8
    }
  }
  const failure = step.state === 'failed' && step.failure !== null ? oneLine(step.failure.title) : ''
  const texts = [attemptText(step, now), active === undefined ? '' : progressText(active), failure]
  const text = texts.filter((part) => part !== '').join('  ')
  if (text !== '' && left > 8) parts.push(` ${cut(text, left - 2)}`)
  return parts.join(' ').trimEnd()
}

/** At most `width` cells of the text. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text
  let kept = ''
  let cells = 1
  for (const letter of text) {
    cells += stringWidth(letter)
    if (cells > width) break
    kept += letter
  }
  return `${kept}…`
}
