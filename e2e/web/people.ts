/** Who comes to the site of these tests: each is known by a token that is their name. */
const people = {
  ada: { id: 'ada', name: 'Ada Okafor', email: 'ada@example.org', staff: false },
  ben: { id: 'ben', name: 'Ben Lind', staff: false },
  mallory: { id: 'mallory', name: 'Mallory', staff: false },
} as const

export type Person = keyof typeof people

/** For `identity.authenticate` of the configuration. */
export default function authenticate(request: Request): (typeof people)[Person] | null {
  const token = /^Bearer (\w+)$/.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
  return Object.hasOwn(people, token) ? people[token as Person] : null
}
