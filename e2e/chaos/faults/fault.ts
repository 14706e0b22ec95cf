import type { Site } from '../site.ts'

/** One kind of fault. */
export interface Fault {
  kind: string
  /** How often in a full run. */
  times: number
  /** Why this machine cannot do it. */
  unable?(site: Site): Promise<string | undefined>
  /** What has to be there while it is injected, and goes afterwards. */
  prepare?(site: Site): Promise<() => Promise<void>>
  /** Once. Counts itself. */
  inject(site: Site, kind: string): Promise<void>
}
