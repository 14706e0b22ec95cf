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
    const text = await refusal(response)
    if (isWanted()) this.#root.replaceChildren(style(), box(paragraph(text)))
  }

  #show(task: Task): void {
    if (task.sequence < this.#sequence) return
    this.#sequence = task.sequence
    const sentence = paragraph(sentenceOf(task, Date.now()))
    sentence.setAttribute('role', 'status')
    const content = box(paragraph(task.title, 'title'), sentence)
    if (task.finishedAt === null) content.append(bar(shareOf(task), task.title))
    const links = document.createElement('p')
    links.className = 'links'
    for (const { id, filename, state } of task.artifacts) {
      if (state === 'available') links.append(link(`${SERVER}/api/v1/artifacts/${id}/content`, `Download ${filename}`))
    }
    links.append(link(`${SERVER}/tasks/${task.id}`, 'Details'))
    content.append(links)
    this.#root.replaceChildren(style(), content)
    this.dispatchEvent(new CustomEvent('errand-task', { detail: task, bubbles: true, composed: true }))
    if (task.finishedAt !== null) this.#stop?.()
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

function bar(share: number, label: string): HTMLDivElement {
  const element = document.createElement('div')
  element.className = 'bar'
  element.role = 'progressbar'
  element.ariaLabel = `Progress of ${label}`
  element.ariaValueNow = String(Math.floor(share * 100))
  const fill = document.createElement('div')
  fill.className = 'fill'
  fill.style.inlineSize = `${share * 100}%`
  element.append(fill)
  return element
}

function link(href: string, text: string): HTMLAnchorElement {
  const element = document.createElement('a')
  element.href = href
  element.textContent = text
  return element
}
