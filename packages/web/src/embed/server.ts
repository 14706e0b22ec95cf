/** Where this script came from is where the API is. */
export const SERVER = new URL(import.meta.url).origin

/** What the server said no with, in words; or that it said nothing. */
export async function refusal(response: Response | undefined): Promise<string> {
  if (response === undefined) return 'The server does not answer. Try again in a moment.'
  const problem: unknown = await response.json().catch(() => null)
  if (typeof problem !== 'object' || problem === null) return 'The server does not answer as it should.'
  const parts = ['title' in problem ? problem.title : '', 'hint' in problem ? problem.hint : '']
  return parts.filter((part) => typeof part === 'string' && part !== '').join('. ')
}
