import { type Block, type Course, type Link, parseUsageKey } from '../olx/index.ts'
import { type AssetNames, unescaped } from './asset-names.ts'
import { quoted } from './effective.ts'
import type { Findings } from './finding.ts'

/** Longer links are no addresses, and looking into them takes a time that grows with the square of their length. In characters. */
const TARGET_LIMIT = 4_096

/** Follows links inside one course. */
export class LinkChecker {
  private readonly course: Course
  private readonly assets: AssetNames
  private readonly findings: Findings
  private readonly urlNames: ReadonlySet<string>

  constructor(course: Course, assets: AssetNames, findings: Findings) {
    this.course = course
    this.assets = assets
    this.findings = findings
    this.urlNames = new Set(course.blocks.map(({ urlName }) => urlName))
  }

  /** Step 8: reports the links among these that lead nowhere; one finding for each target of a file. */
  check(file: string, links: readonly Link[]): void {
    const seen = new Set<string>()
    for (const { target, line } of links) {
      if (target.length > TARGET_LIMIT || seen.has(target)) continue
      seen.add(target)
      this.follow(file, line, target)
    }
  }

  private follow(file: string, line: number, target: string): void {
    const path = target.replace(/[?#].*$/s, '').replace(/^\/?/, '/')
    const asset = this.assetIn(path)
    if (asset !== undefined) {
      if (!this.assets.has(asset)) this.findings.add('MissingFile', file, line, `${quoted(target)} is not in static/.`)
      return
    }
    const jump = /\/jump_to_id\/([^/]+)\/?$/.exec(path)
    if (jump !== null && (path.startsWith('/jump_to_id/') || this.isOwn(path))) {
      const name = unescaped(jump[1] ?? '')
      if (this.urlNames.has(name)) return
      this.findings.add('BadJumpToLink', file, line, `${quoted(target)} leads to no block of this course.`)
      return
    }
    if (!this.leadsSomewhere(path)) {
      this.findings.add('BadCourseLink', file, line, `${quoted(target)} leads to no place in this course.`)
    }
  }

  /** The name of the served file a link is to, if it is to one of this course. */
  private assetIn(path: string): string | undefined {
    if (path.startsWith('/static/')) return path.slice('/static/'.length)
    const old = /^\/c4x\/([^/]+)\/([^/]+)\/asset\/(.+)$/.exec(path)
    if (old !== null) return this.isThis(old[1], old[2], undefined) ? old[3] : undefined
    const present = /^\/(?:assets\/.*)?asset-v1:([^+/]+)\+([^+/]+)\+([^+/]+)\+type@asset\+block[@/](.+)$/.exec(path)
    return present !== null && this.isThis(present[1], present[2], present[3]) ? present[4] : undefined
  }

  private leadsSomewhere(path: string): boolean {
    if (path.startsWith('/course/courseware/')) return this.walk(path.slice('/course/courseware/'.length))
    if (!this.isOwn(path)) return true
    const key = /\/jump_to\/(.+)$/.exec(path)?.[1]
    if (key !== undefined) {
      const usage = parseUsageKey(unescaped(key).replace(/\/$/, ''))
      return (
        usage === undefined || this.course.byKey.has(`${usage.type}/${usage.name}`) || this.urlNames.has(usage.name)
      )
    }
    const courseware = /\/courseware\/(.+)$/.exec(path)?.[1]
    return courseware === undefined || this.walk(courseware)
  }

  /** Whether chapter, sequential and place in it exist: `CHAPTER/SEQUENTIAL/2`. */
  private walk(path: string): boolean {
    let block: Block | undefined = this.course.blocks[0]
    for (const step of path.split('/').map(unescaped)) {
      if (step === '' || block === undefined) return true
      if (block.type === 'vertical') return isPlace(step, block.children.length)
      const next: Block | undefined = block.children
        .map((key) => this.course.byKey.get(key))
        .find((one) => one?.urlName === step)
      if (next === undefined) return block.type === 'sequential' && isPlace(step, block.children.length)
      block = next
    }
    return true
  }

  /** Whether a `/courses/…` link is into this course. */
  private isOwn(path: string): boolean {
    const present = /^\/courses\/course-v1:([^+/]+)\+([^+/]+)\+([^+/]+)(?:\/|$)/.exec(unescaped(path))
    if (present !== null) return this.isThis(present[1], present[2], present[3])
    const old = /^\/courses\/([^/]+)\/([^/]+)\/([^/]+)(?:\/|$)/.exec(path)
    return old !== null && this.isThis(old[1], old[2], old[3])
  }

  private isThis(org: string | undefined, course: string | undefined, run: string | undefined): boolean {
    return org === this.course.org && course === this.course.course && (run === undefined || run === this.course.run)
  }
}

function isPlace(step: string, count: number): boolean {
  return /^\d+$/.test(step) && Number(step) >= 1 && Number(step) <= count
}
