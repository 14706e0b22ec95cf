/** OpenDAL's errors begin with their kind; those of the file system have a code. */
export function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error.message.startsWith('NotFound') || ('code' in error && error.code === 'ENOENT')
}

/** What a stream of an object that is not there ends with. */
export function notFound(key: string): Error {
  return Object.assign(new Error(`There is no object "${key}".`), { code: 'ENOENT' })
}
