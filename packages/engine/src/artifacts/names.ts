/**
 * Storage keys are `scope/definition/task/slot/artifact/filename`, in characters that every backend and every file
 * system takes. The artifact's id keeps an attempt that lost its claim from touching the file of the one that follows.
 */
export function artifactKey(parts: {
  scope: string
  definition: string
  task: string
  slot: string
  artifact: string
  filename: string
}): string {
  const { artifact, definition, filename, scope, slot, task } = parts
  return [scope === '' ? 'none' : scope, definition, task, slot, artifact, filename].map(safeSegment).join('/')
}

/** Bytes: below the 255 that file systems allow, with room for a suffix. */
const SEGMENT_LIMIT = 120

/** One path segment: anything but letters, digits, `.`, `_`, `+`, `@` and `-` becomes `_`; never empty, `.` or `..`. */
export function safeSegment(text: string): string {
  const plain = text
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}._+@-]+/gu, '_')
    .replaceAll(/^\.+|\.+$/g, '_')
  let cut = plain
  while (Buffer.byteLength(cut) > SEGMENT_LIMIT) cut = cut.slice(0, -1)
  // Names that Windows keeps for devices, with any ending.
  if (/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(cut)) cut = `_${cut}`
  return cut === '' ? '_' : cut
}

/** The name a file is downloaded under: any Unicode, but no path and no control characters. */
export function safeFilename(text: string): string {
  const name = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
    .replaceAll(/[\u0000-\u001f\u007f/\\]+/g, '_')
    .trim()
  const short = [...name].slice(0, 200).join('')
  return /^\.*$/.test(short) ? 'file' : short
}
