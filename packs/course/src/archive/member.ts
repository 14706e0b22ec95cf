/** What one entry of an archive is, whatever kind of archive it came from. */
export type MemberType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'device' | 'fifo' | 'sparse' | 'unknown'

/** One entry of an archive, as it streams by. */
export interface ArchiveMember {
  /** As the archive spells it. */
  readonly name: string
  readonly type: MemberType
  /** Where a link points, as the archive spells it. */
  readonly target?: string
  /** Declared, in bytes: good for choosing a way to store it, never for a limit. */
  readonly size: number
  /** Set when the name was not UTF-8: it was read as Latin-1 from a tar, and as DOS wrote it from a zip. */
  readonly nameGuessed?: boolean
  /** Its bytes, to be read before the next member is asked for; what is not read is skipped. */
  readonly content: AsyncIterable<Uint8Array>
}
