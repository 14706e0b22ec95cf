import type { Block, Course } from '../olx/index.ts'
import { isTrue, named, quoted, settingOf } from './effective.ts'
import type { Findings } from './finding.ts'

/** Step 6: whether external tools are set up where the course keeps their keys. */
export function checkLti(course: Course, findings: Findings): void {
  const first = course.blocks[0]
  if (first === undefined || course.kind === 'library') return
  const passports = textsOf(settingOf(course, first, 'lti_passports'))
  const modules = textsOf(settingOf(course, first, 'advanced_modules'))
  for (const block of course.blocks) {
    const { type, file, line } = block
    if (block.broken || (type !== 'lti' && type !== 'lti_consumer')) continue
    if (type === 'lti') {
      findings.add('Obsolete', file, line, `${named(block)} should be an lti_consumer block.`)
    }
    if (!modules.includes(type)) {
      findings.add('LTIError', file, line, `${named(block)} needs "${type}" among the advanced modules of the course.`)
    }
    if (usesPassports(course, block)) checkPassport(course, block, passports, findings)
  }
}

/** The newer protocol and shared configurations keep their keys elsewhere. */
function usesPassports(course: Course, block: Block): boolean {
  const version = settingOf(course, block, 'lti_version')
  const config = settingOf(course, block, 'config_type')
  return version !== 'lti_1p3' && (config === undefined || config === 'new')
}

function checkPassport(course: Course, block: Block, passports: readonly string[], findings: Findings): void {
  const { file, line } = block
  const id = settingOf(course, block, 'lti_id')
  if (id === undefined) findings.add('InvalidSetting', file, line, `${named(block)} has no lti_id.`)
  else if (!passports.some((passport) => passport.startsWith(`${String(id)}:`))) {
    findings.add(
      'LTIError',
      file,
      line,
      `${named(block)} needs a passport for ${quoted(id)} among those of the course.`,
    )
  }
  if (isTrue(settingOf(course, block, 'hide_launch'))) return
  if (settingOf(course, block, 'launch_url') === undefined) {
    findings.add('InvalidSetting', file, line, `${named(block)} has no launch_url.`)
  }
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
}
