/** For `identity.authenticate`: whoever says that they are `p17` is. `root` is of the staff. */
export default function authenticate(request: Request): { id: string; name: string; staff: boolean } | null {
  const id = /^Bearer (p\d+|lead|mate|root)$/.exec(request.headers.get('authorization') ?? '')?.[1]
  return id === undefined ? null : { id, name: `Person ${id}`, staff: id === 'root' }
}
