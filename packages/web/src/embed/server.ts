/** Where this script came from is where the API is. */
export const SERVER = new URL(import.meta.url).origin

interface Refusal {
  text: string
  /** The task that is in the way, where one is running already. */
  running?: string
}

/** What the server said no with, in words; or that it said nothing. */
export async function refusal(response: Response | undefined): Promise<Refusal> {
  if (response === undefined) return { text: 'The server does not answer. Try again in a moment.' }
  const problem: unknown = await response.json().catch(() => null)
  if (typeof problem !== 'object' || problem === null) return { text: 'The server does not answer as it should.' }
  const parts = ['title' in problem ? problem.title : '', 'hint' in problem ? problem.hint : '']
  const text = parts.filter((part) => typeof part === 'string' && part !== '').join('. ')
  return 'task' in problem && typeof problem.task === 'string' ? { text, running: problem.task } : { text }
}
