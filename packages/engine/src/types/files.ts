import type { Readable } from 'node:stream'
import type { ArtifactState, ByteRange, KeepRule, Visibility } from '@errand/task'

/** What somebody may do with an output, whatever its state allows. */
export type FileRight = 'extend' | 'delete'

export interface ArtifactView {
  id: string
  taskId: string
  slot: string
  title: string
  filename: string
  mediaType: string
  /** In bytes; `null` while it is being written. */
  size: number | null
  sha256: string | null
  state: ArtifactState
  visibility: Visibility
  keep: KeepRule
  expiresAt: Date | null
  createdAt: Date
  /** When, why and by whom it is gone. */
  endedAt: Date | null
  endedReason: string | null
  endedBy: string | null
  /** What whoever looks may do with it. */
  may: FileRight[]
}

export interface UploadView {
  id: string
  filename: string
  mediaType: string
  /** In bytes. */
  size: number
  sha256: string
  createdAt: Date
  expiresAt: Date | null
}

/** An upload that arrives in parts. */
export interface ArrivingUpload {
  id: string
  /** Bytes that there are to be, and that are there. */
  size: number
  offset: number
  /** As the client gave it. */
  metadata: string | null
  createdAt: Date
  /** When it is given up if it does not go on. */
  expiresAt: Date | null
  complete: boolean
}

/** What a part is to have. */
export interface UploadChecksum {
  algorithm: 'sha1' | 'sha256' | 'md5'
  /** In base64. */
  digest: string
}

/** How whoever delivers an artifact would like to have it. */
export interface DeliveryWish {
  /** `redirect`: an address of the storage. `file`: a file on this machine, for a web server in front. */
  by: 'stream' | 'redirect' | 'file'
  /** For a stream: the part that is wanted. */
  range?: ByteRange
}

/** How it is to be delivered: as was wished, or as a stream where the storage or the artifact allows nothing else. */
export type Delivered =
  | { by: 'redirect'; url: string }
  | { by: 'file'; path: string; storage: string; key: string }
  | {
      by: 'stream'
      body: Readable
      /** To be called at the end: how many bytes were taken, and whether that was all that was asked for. */
      settle(bytes: number, complete: boolean): Promise<void>
    }

/** An artifact with its bytes. A use-once file is consumed when `body` has been read to its end. */
export interface OpenedArtifact {
  artifact: ArtifactView
  body: Readable
}

/** Who did what with an artifact. */
export interface AccessEntry {
  action: 'download' | 'extend' | 'delete' | 'expire' | 'consume'
  who: { id: string; name: string }
  /** Downloads: `stream`, `redirect` or `file`. */
  delivery: string | null
  range: { start: number; end: number | null } | null
  /** Of a stream that has ended: how many bytes were taken, and whether that was all that was asked for. */
  bytes: number | null
  complete: boolean | null
  at: Date
}

/** What a scope's files take in the storages, in bytes. */
export interface ScopeUsage {
  scope: string
  files: number
  bytes: number
  /** `null` where there is no limit. */
  quota: number | null
}
