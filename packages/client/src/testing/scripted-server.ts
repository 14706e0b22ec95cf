import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/**
 * A real HTTP server that answers one request after the other as the test says, to show the client what a healthy
 * server never does: broken connections, silence, other programs. After the last answer it cuts every connection.
 */
export async function scriptedServer(...answers: Answer[]): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const server = createServer(async (request, response) => {
    const answer = answers[requests.length]
    requests.push(request)
    if (answer) await answer(request, response)
    else request.socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, requests }
}

/** Answers with JSON. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
}

/** Sends the text as an event stream; then ends it, cuts the connection, or leaves it open in silence. */
export function events(text: string, then: 'end' | 'cut' | 'silence'): Answer {
  return (request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    if (then === 'end') response.end(text)
    else response.write(text, () => then === 'cut' && request.socket.destroy())
    if (text === '') response.flushHeaders()
  }
}
