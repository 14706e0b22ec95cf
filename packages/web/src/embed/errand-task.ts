import type { Task } from '@errand/client'
import { sentenceOf, shareOf } from '../words/states.ts'
import { refusal, SERVER } from './server.ts'
import { STYLES } from './styles.ts'

/** `<errand-task task="ID">`: how a task stands, live, with its files once they are there. */
export class ErrandTask extends HTMLElement {
  static readonly observedAttributes = ['task']
  readonly #root = this.attachShadow({ mode: 'open' })
  #feed: EventSource | undefined

  connectedCallback(): void {
    this.#follow()
  }

  disconnectedCallback(): void {
    this.#feed?.close()
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.#follow()
  }

  #follow(): void {
    this.#feed?.close()
    const id = this.getAttribute('task')
    if (!id) return
    const path = `${SERVER}/api/v1/tasks/${encodeURIComponent(id)}`
    // The browser opens it again when it breaks; the server then sends what was missed.
    const feed = new EventSource(`${path}/events`)
    this.#feed = feed
    feed.addEventListener('task', (event) => this.#show(JSON.parse(event.data) as Task))
    feed.addEventListener('end', () => feed.close())
    feed.addEventListener('error', () => {
      if (feed.readyState === EventSource.CLOSED) void this.#sayWhy(path)
    })
  }

  /** A feed does not say why it was refused; a plain request does. */
  async #sayWhy(path: string): Promise<void> {
    const response = await fetch(path).catch(() => undefined)
    const text = await refusal(response)
    this.#root.replaceChildren(style(), box(paragraph(text)))
  }

  #show(task: Task): void {
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
