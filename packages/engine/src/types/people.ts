/** Who acts. Whoever asks the engine says who is asking; the engine asks the policy. */
export interface Principal {
  /** Stable; what ownership is recorded under. */
  id: string
  name: string
  /** Staff of the platform: may see and do everything. */
  staff: boolean
  /** Where this person is told of what happens. */
  email?: string
  /** Roles that the credentials themselves tell of (claims of a token); those in the record come to them. */
  roles?: readonly ScopeRole[]
  /** What the credentials are good for. Default: for all that the person may. */
  grants?: readonly Grant[]
  /** Staff who acts in this person's place: recorded with all that is done. */
  actor?: { id: string; name: string }
}

/** `team` works on the scope; `staff` is responsible for it. */
export interface ScopeRole {
  /** As tasks have it: `course:course-v1:Org+C+R`. */
  scope: string
  role: 'team' | 'staff'
}

/** What a token is made for: to look, to start and change tasks, to run the service. */
export type Grant = 'read' | 'write' | 'administer'
