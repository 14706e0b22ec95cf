import { TaskFailure } from '@errand/task'
import { SaxesParser } from 'saxes'
import type { ContentKind } from '../course-key.ts'
import type { CourseTree } from '../tree.ts'

/** What the course says of itself. */
export interface ReadResult {
  kind: ContentKind
}

/** @throws {TaskFailure} when course.xml or library.xml cannot be read, with file and line */
export async function readRoot(tree: CourseTree): Promise<ReadResult> {
  const kind = tree.paths.includes('course.xml') ? 'course' : 'library'
  const file = `${kind}.xml`
  const parser = new SaxesParser({ fileName: file })
  parser.on('error', (error) => {
    throw new TaskFailure({
      code: 'course-root-unreadable',
      title: `${file} cannot be read`,
      detail: error.message,
      hint: `Correct ${file} and pack the course again.`,
    })
  })
  parser.write(new TextDecoder().decode(await tree.read(file))).close()
  return { kind }
}
