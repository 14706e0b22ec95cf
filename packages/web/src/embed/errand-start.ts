import { newKey } from '../start/new-key.ts'
import { link, paragraph, style } from './errand-task.ts'
import { refusal, SERVER } from './server.ts'

/**
 * `<errand-start definition="NAME" input='{"course":"…"}'>Export</errand-start>`: a button that starts a task and then
 * shows it. What needs a file, or an input the page does not give, has a link to the form: leave `input` out.
 */
export class ErrandStart extends HTMLElement {
  readonly #root = this.attachShadow({ mode: 'open' })
  // One key for one button: pressed twice, or sent again after a lost answer, it is still one task.
  readonly #key = newKey()

  connectedCallback(): void {
    const definition = this.getAttribute('definition')
    if (definition === null || this.#root.hasChildNodes()) return
    const input = this.getAttribute('input')
    const label = document.createElement('slot')
    label.textContent = 'Start'
    if (input === null) {
      const form = document.createElement('a')
      form.href = `${SERVER}/start/${encodeURIComponent(definition)}`
      form.append(label)
      this.#root.replaceChildren(style(), form)
      return
    }
    const button = document.createElement('button')
    button.type = 'button'
    button.append(label)
    const said = paragraph('')
    said.setAttribute('role', 'alert')
    button.addEventListener('click', () => void this.#start(definition, input, button, said))
    this.#root.replaceChildren(style(), button, said)
  }

  async #start(definition: string, input: string, button: HTMLButtonElement, said: HTMLElement): Promise<void> {
    if (button.ariaBusy === 'true') return
    // And not disabled, with which whoever pressed it by keyboard would lose their place.
    button.ariaBusy = 'true'
    said.textContent = ''
    const response = await fetch(`${SERVER}/api/v1/tasks`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': this.#key, 'Errand-Client': 'web' },
      body: `{"definition":${JSON.stringify(definition)},"input":${input}}`,
    }).catch(() => undefined)
    button.ariaBusy = null
    if (response?.ok) return this.#show(String((await response.json()).id))
    const { text, running } = await refusal(response)
    said.textContent = text
    if (running !== undefined) said.append(' ', link(`${SERVER}/tasks/${running}`, 'Open the one that is running'))
  }

  #show(id: string): void {
    const task = document.createElement('errand-task')
    task.setAttribute('task', id)
    task.tabIndex = -1
    const pressed = this.#root.activeElement !== null
    this.#root.replaceChildren(style(), task)
    // The button that had the focus is gone.
    if (pressed) task.focus()
  }
}
