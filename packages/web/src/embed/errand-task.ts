import type { Task } from '@errand/client'
import { sentenceOf, shareOf } from '../words/states.ts'
import { onFeed } from './feed.ts'
import { refusal, SERVER } from './server.ts'
import { STYLES } from './styles.ts'

/** `<errand-task task="ID">`: how a task stands, live, with its files once they are there. */
export class ErrandTask extends HTMLElement {
  static readonly observedAttributes = ['task']
  readonly #root = this.attachShadow({ mode: 'open' })
  #stop: (() => void) | undefined
  #view: View | undefined
  /** Of what is shown: what comes late is older. */
  #sequence = -1

  connectedCallback(): void {
    this.#follow()
  }

  disconnectedCallback(): void {
    this.#stop?.()
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.#follow()
  }

  #follow(): void {
    this.#stop?.()
    this.#sequence = -1
    const id = this.getAttribute('task')
    if (!id) return
    let followed = true
    const stop = onFeed((message) => {
      if (message.type === 'task' && message.task.id === id) this.#show(message.task)
      // What changed before the feed began, or while it was cut, was told to nobody.
      if (message.type === 'begun' || (message.type === 'connection' && message.up)) void this.#read(id, () => followed)
    })
    this.#stop = () => {
      followed = false
      stop()
    }
    void this.#read(id, () => followed)
  }

  /** Shows the task, or why it cannot be shown; what is there already stays while the server does not answer. */
  async #read(id: string, isWanted: () => boolean): Promise<void> {
    const response = await fetch(`${SERVER}/api/v1/tasks/${encodeURIComponent(id)}`).catch(() => undefined)
    if (response?.ok) {
      const task = (await response.json()) as Task
      if (isWanted()) this.#show(task)
      return
    }
    if (response === undefined && this.#sequence >= 0) return
    const { text } = await refusal(response)
    if (!isWanted()) return
    this.#view = undefined
    this.#root.replaceChildren(style(), box(paragraph(text)))
  }

  #show(task: Task): void {
    if (task.sequence < this.#sequence) return
    this.#sequence = task.sequence
    this.#view ??= this.#build()
    const { bar, fill, links, sentence, title } = this.#view
    const share = shareOf(task)
    say(title, task.title)
    say(sentence, sentenceOf(task, Date.now()))
    bar.hidden = task.finishedAt !== null
    bar.ariaLabel = `Progress of ${task.title}`
    bar.ariaValueNow = String(Math.floor(share * 100))
    fill.style.inlineSize = `${share * 100}%`
    const files = task.artifacts.filter(({ state }) => state === 'available')
    setLinks(links, [
      ...files.map(({ id, filename }) => link(`${SERVER}/api/v1/artifacts/${id}/content`, `Download ${filename}`)),
      link(`${SERVER}/tasks/${task.id}`, 'Details'),
    ])
    this.dispatchEvent(new CustomEvent('errand-task', { detail: task, bubbles: true, composed: true }))
    if (task.finishedAt !== null) this.#stop?.()
  }

  /** Once, and changed from then on: what is new in its place would neither keep the focus nor be read out. */
  #build(): View {
    const title = paragraph('', 'title')
    const sentence = paragraph('')
    sentence.role = 'status'
    const fill = document.createElement('div')
    fill.className = 'fill'
    const bar = box(fill)
    bar.className = 'bar'
    bar.role = 'progressbar'
    const links = paragraph('', 'links')
    this.#root.replaceChildren(style(), box(title, sentence, bar, links))
    return { title, sentence, bar, fill, links }
  }
}

interface View {
  title: HTMLElement
  sentence: HTMLElement
  bar: HTMLElement
  fill: HTMLElement
  links: HTMLElement
}

/** Only what is other: the same words set again would be read out again. */
function say(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Makes the links of a line these. One that is there already stays, with the focus that it may have. */
function setLinks(line: HTMLElement, links: readonly HTMLAnchorElement[]): void {
  const there = new Map([...line.querySelectorAll('a')].map((one) => [one.href, one]))
  for (const [href, one] of there) if (links.every((wanted) => wanted.href !== href)) one.remove()
  let next = line.firstChild
  for (const wanted of links) {
    if (next !== null && next === there.get(wanted.href)) next = next.nextSibling
    else line.insertBefore(there.get(wanted.href) ?? wanted, next)
  }
}

/** What every element begins with. */
export function style(): HTMLStyleElement {
  const element = document.createElement('style')
  element.textContent = STYLES
  return element
}

/** A line of text; never markup, whoever wrote it. */
export function paragraph(text: string, className = ''): HTMLParagraphElement {
  const element = document.createElement('p')
  element.textContent = text
  element.className = className
  return element
}

function box(...content: Node[]): HTMLDivElement {
  const element = document.createElement('div')
  element.className = 'box'
  element.append(...content)
  return element
}

/** A way to elsewhere, in words. */
export function link(href: string, text: string): HTMLAnchorElement {
  const element = document.createElement('a')
  element.href = href
  element.textContent = text
  return element
}
