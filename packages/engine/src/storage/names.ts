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
  const plain = text.normalize('NFC').replaceAll(/[^\p{L}\p{N}._+@-]+/gu, '_')
  // By whole characters: half of one is no name on any file system.
  let cut = ''
  let size = 0
  for (const character of plain) {
    size += Buffer.byteLength(character)
    if (size > SEGMENT_LIMIT) break
    cut += character
  }
  cut = cut.replaceAll(/^\.+|\.+$/g, '_')
  // Names that Windows keeps for devices, with any ending.
  if (/^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])(\.|$)/i.test(cut)) cut = `_${cut}`
  return cut === '' ? '_' : cut
}

/**
 * The name a file is downloaded under: any Unicode, but no path, no control characters, and none that turn the direction
 * of writing, with which `gpj.exe` can be shown as `exe.jpg`.
 */
export function safeFilename(text: string): string {
  const name = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Bidi_Control}/\\]+/gu, '_')
    .trim()
  const short = [...name].slice(0, 200).join('').trim()
  return /^\.*$/.test(short) ? 'file' : short
}
