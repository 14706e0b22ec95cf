/** The files of one course, by path relative to the folder that holds course.xml or library.xml. */
export interface CourseTree {
  /** Sorted by code unit. */
  readonly paths: readonly string[]
  /** In bytes. */
  size(path: string): number
  read(path: string): Promise<Uint8Array>
}
