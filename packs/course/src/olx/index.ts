/**
 * The reader of courses: files in, what they say out. It never changes a file.
 *
 * @packageDocumentation
 */
export { assetPath, flatName } from './assets.ts'
export { type Comparison, compareCourses, type Identity, type IdentityChange, identities } from './compare.ts'
export type * from './course.ts'
export { childrenWithDrafts } from './drafts.ts'
export type { Link } from './links.ts'
export { pageNamed } from './pages.ts'
export type { Problem, ProblemCode } from './problems.ts'
export { type CourseIdentity, type ReadOptions, readCourse, readIdentity } from './read-course.ts'
export { parseUsageKey, type UsageKey } from './usage-key.ts'
export { parseXml, type XmlElement, type XmlError, type XmlResult } from './xml.ts'
