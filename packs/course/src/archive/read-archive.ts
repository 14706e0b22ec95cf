import type { Readable } from 'node:stream'
import type { Notes } from '../import/notes.ts'
import type { ArchiveKind } from './kind.ts'
import type { LimitGuard } from './limits.ts'
import type { ArchiveMember } from './member.ts'
import { readTar } from './read-tar.ts'
import { readZip } from './read-zip.ts'

/** The members of an archive of any kind, in the order the archive has them. */
export function readArchive(
  source: Readable,
  kind: ArchiveKind,
  guard: LimitGuard,
  notes?: Notes,
): AsyncGenerator<ArchiveMember> {
  return kind === 'zip' ? readZip(source, guard) : readTar(source, kind, guard, notes)
}
