import { ApiProblem, problemOf, ServerUnreachable } from './errors.ts'

export interface ClientOptions {
  /** Where the server is: `http://127.0.0.1:4400`. In a browser, `''` means: where the page came from. */
  server: string
  /** A bearer token, or what gives the one in force now. Without one, cookies say who is asking. */
  token?: string | (() => string | undefined | Promise<string | undefined>)
  /** Default: the global one. */
  fetch?: (request: Request) => Promise<Response>
  /** Recorded with each task as the way it was started. Default `api`. */
  as?: 'api' | 'cli' | 'web'
}

/** Sends requests, and turns whatever is no success into an {@link ApiProblem} or {@link ServerUnreachable}. */
export interface Transport {
  /** As it is shown in messages. */
  readonly server: string
  /** The full address that paths of the API are appended to. */
  readonly base: string
  /** The full address of a path of the API. */
  url(path: string): URL
  /** The response to a request, which is a success or not modified. Aborting throws the signal's reason. */
  send(request: Request): Promise<Response>
}

export function createTransport(options: ClientOptions): Transport {
  const base = (options.server === '' ? pageOrigin() : options.server).replace(/\/+$/, '')
  const fetch = options.fetch ?? ((request: Request) => globalThis.fetch(request))
  return {
    server: base,
    base,
    url: (path) => new URL(base + path),
    async send(request) {
      const token = typeof options.token === 'function' ? await options.token() : options.token
      if (token !== undefined) request.headers.set('Authorization', `Bearer ${token}`)
      // Not with a read: nobody records one, and a browser that began it before its scripts could not know of the header.
      if (options.as !== undefined && request.method !== 'GET') request.headers.set('Errand-Client', options.as)
      let response: Response
      try {
        response = await fetch(request)
      } catch (error) {
        if (request.signal.aborted) throw request.signal.reason
        throw new ServerUnreachable(base, error)
      }
      if (!response.ok && response.status !== 304) throw await problemOf(response)
      return response
    },
  }
}

function pageOrigin(): string {
  const location: unknown = Reflect.get(globalThis, 'location')
  if (typeof location === 'object' && location !== null && 'origin' in location) return String(location.origin)
  throw new TypeError('Outside a browser a client needs the address of its server')
}

/** A success that does not say what it should: another program listens there. */
export function notErrand(server: string, status: number): ApiProblem {
  return new ApiProblem({
    code: 'not-errand',
    status,
    title: `${server} is not an Errand server`,
    detail: 'It answers, but not in the way Errand does.',
    hint: 'Check the address of the server.',
  })
}
