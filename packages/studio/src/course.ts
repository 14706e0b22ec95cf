import { type Engine, type Principal, Problem } from '@errand/engine'
import { z } from 'zod'

/** The tasks of the course pack, by which all of this is done. */
export type CourseTask = 'course.import' | 'course.export'

/** Characters: what the platform's own records take. */
const KEY_LIMIT = 255

const courseKey = z
  .string()
  .max(KEY_LIMIT)
  .regex(/^(course-v1:[^\s+/]+\+[^\s+/]+\+[^\s+/]+|library-v1:[^\s+/]+\+[^\s+/]+)$/)

/**
 * The course that a path names, if this person may start such a task about it. Asked with each request, before its body is read.
 *
 * @throws {Problem} `course-unknown` (404), `forbidden` (403), `definition-unknown` (404) where no worker serves courses
 */
export async function courseFor(engine: Engine, name: CourseTask, key: string, who: Principal): Promise<string> {
  const { data: course } = courseKey.safeParse(key)
  if (course === undefined) {
    throw new Problem({
      code: 'course-unknown',
      status: 404,
      title: 'This is no key of a course',
      detail: `The address names ${JSON.stringify(key.slice(0, KEY_LIMIT))}.`,
      hint: 'Use a key such as course-v1:Org+Course+Run or library-v1:Org+Library.',
    })
  }
  const { mayStart } = await engine.allowance(name, scopeOf(course), who)
  // Said of every course, whether it exists or not.
  if (!mayStart) {
    throw new Problem({
      code: 'forbidden',
      status: 403,
      title: `You may not ${name === 'course.import' ? 'import' : 'export'} this course`,
      detail: 'That is for those who are responsible for the course.',
      hint: 'Ask for the role, or ask somebody who has it.',
    })
  }
  return course
}

/** What tasks about a course are about. */
export function scopeOf(course: string): string {
  return `course:${course}`
}
