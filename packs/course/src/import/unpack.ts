import { hash } from 'node:crypto'
import { TaskFailure, type UploadedFile } from '@errand/task'
import { chooseRoot } from '../archive/choose-root.ts'
import { FileSet } from '../archive/file-set.ts'
import { junkReason } from '../archive/junk.ts'
import { LimitGuard } from '../archive/limits.ts'
import type { ArchiveMember } from '../archive/member.ts'
import { memberPath } from '../archive/member-path.ts'
import { readArchive } from '../archive/read-archive.ts'
import type { ContentKind } from '../course-key.ts'
import type { ArchiveLimits } from '../options.ts'
import { ObjectSink, putObject, streamObject } from '../store/object-writer.ts'
import { Parallel } from '../store/parallel.ts'
import { isBundled, WHOLE_BYTES, WRITES_AT_ONCE } from '../store/placement.ts'
import { release } from '../store/release.ts'
import { Notes } from './notes.ts'
import type { Received } from './receive.ts'
import type { Unpacked } from './unpacked.ts'
import type { WorkArea } from './work-area.ts'

/** What the step returns: where the list of files lies, and how much there is. */
export interface UnpackResult {
  list: string
  files: number
  /** In bytes. */
  bytes: number
  root: string
}

interface Content {
  size: number
  sha256: string
  offset: number | null
}

/** Streams an archive into the store. Nothing of it is ever whole in memory. */
export class Unpacker {
  readonly #work: WorkArea
  readonly #limits: ArchiveLimits
  readonly #guard: LimitGuard
  readonly #notes = new Notes()
  readonly #files: FileSet<Content>
  readonly #writes = new Parallel(WRITES_AT_ONCE)
  readonly #bundleKey: string
  readonly #bundle: ObjectSink

  constructor(work: WorkArea, limits: ArchiveLimits) {
    this.#work = work
    this.#limits = limits
    this.#guard = new LimitGuard(limits)
    this.#files = new FileSet(this.#notes, limits.members)
    this.#bundleKey = work.key('bundle')
    this.#bundle = new ObjectSink(work.store, this.#bundleKey)
  }

  /**
   * @param progress - told after each member how many packed bytes were read and how many members there were
   * @throws {TaskFailure} for what an archive may not hold, naming the member and the rule
   */
  async run(
    upload: UploadedFile,
    { kind }: Received,
    content: ContentKind,
    signal: AbortSignal,
    progress: (packed: number, members: number) => void,
  ): Promise<UnpackResult> {
    const source = upload.readable()
    try {
      for await (const member of readArchive(source, kind, this.#guard, this.#notes)) {
        signal.throwIfAborted()
        this.#guard.enter(member.name)
        await this.#take(member)
        progress(this.#guard.packed, this.#guard.members)
      }
      await this.#writes.drain()
      await this.#bundle.end()
    } catch (error) {
      await this.#bundle.discard()
      await this.#writes.drain().catch(() => {})
      throw error
    } finally {
      source.destroy()
    }
    return this.#finish(content)
  }

  async #take(member: ArchiveMember): Promise<void> {
    const path = memberPath(member.name)
    refuseSpecial(member)
    if (path === '' || member.type === 'directory') return drain(member, this.#guard)
    if (member.nameGuessed) {
      this.#notes.add('name-encoding', path, 'Its name is not UTF-8; which letters are meant was guessed.')
    }
    const junk = junkReason(path)
    if (member.type === 'symlink' || member.type === 'hardlink') {
      if (junk === undefined) this.#files.addLink(path, member.target ?? '', member.type === 'hardlink')
      return
    }
    if (junk !== undefined) {
      this.#notes.add('junk', path, `It is ${junk}, no part of the course; it was ignored.`)
      return drain(member, this.#guard)
    }
    await this.#takeFile(path, member)
  }

  async #takeFile(path: string, member: ArchiveMember): Promise<void> {
    if (member.size > WHOLE_BYTES) return this.#stream(path, member.content)
    const parts: Uint8Array[] = []
    let size = 0
    const content = member.content[Symbol.asyncIterator]()
    for (let next = await content.next(); !next.done; next = await content.next()) {
      this.#guard.countContent(next.value.length)
      size += next.value.length
      parts.push(next.value)
      // A member may hold more than it declared; then it goes on as a stream.
      if (size > WHOLE_BYTES) return this.#stream(path, { [Symbol.asyncIterator]: () => content }, parts)
    }
    const [only] = parts
    const bytes = parts.length === 1 && only ? only : Buffer.concat(parts, size)
    const sha256 = hash('sha256', bytes, 'hex')
    if (isBundled(path, size)) {
      this.#files.addFile(path, { size, sha256, offset: this.#bundle.size })
      return this.#bundle.write(bytes)
    }
    this.#files.addFile(path, { size, sha256, offset: null })
    await this.#writes.add(async () => {
      await putObject(this.#work.store, sha256, bytes)
      if (parts.length > 1) release(bytes)
    })
  }

  async #stream(path: string, content: AsyncIterable<Uint8Array>, before: readonly Uint8Array[] = []): Promise<void> {
    const written = await streamObject(this.#work.store, this.#work.temporary(), counted(content, this.#guard, before))
    this.#files.addFile(path, { ...written, offset: null })
  }

  async #finish(kind: ContentKind): Promise<UnpackResult> {
    if (this.#guard.members === 0) {
      throw new TaskFailure({
        code: 'archive-empty',
        title: 'The archive is empty',
        detail: 'It holds no files.',
        hint: 'Pack the folder of the course, with everything in it.',
      })
    }
    const all = this.#files.resolve()
    const root = chooseRoot([...all.keys()], kind)
    for (const other of root.others) {
      this.#notes.add('root', other, `It holds another ${kind}; the one in "${root.folder || '.'}" was imported.`)
    }
    const prefix = root.folder === '' ? '' : `${root.folder}/`
    const files: Unpacked['files'] = []
    let bytes = 0
    for (const [path, { size, sha256, offset }] of all) {
      if (!path.startsWith(prefix)) {
        this.#notes.add(
          'outside',
          path,
          `It lies outside the folder of the ${kind}, "${root.folder}"; it was left out.`,
        )
        continue
      }
      files.push([path.slice(prefix.length), size, sha256, offset])
      bytes += size
    }
    const list = this.#work.key('files')
    const unpacked: Unpacked = {
      root: root.folder,
      bundle: { key: this.#bundleKey, size: this.#bundle.size },
      files,
      notes: [...this.#notes.kept],
      noteCounts: this.#notes.counts,
    }
    await this.#work.store.put(list, JSON.stringify(unpacked))
    if (bytes > this.#limits.totalBytes) throw tooBigThroughLinks(this.#limits.totalBytes)
    return { list, files: files.length, bytes, root: root.folder }
  }
}

function refuseSpecial({ name, type }: ArchiveMember): void {
  if (type !== 'device' && type !== 'fifo' && type !== 'sparse' && type !== 'unknown') return
  const what = {
    device: 'a device file',
    fifo: 'a named pipe',
    sparse: 'a sparse file',
    // Which of them, tar-stream does not say; to leave it out could lose a file's contents.
    unknown:
      'of a kind that only GNU tar or a few others write, such as a sparse file or a part of one on several volumes',
  }[type]
  throw new TaskFailure({
    code: 'archive-special-file',
    title: 'The archive was refused',
    detail: `The member "${name}" is ${what}; only files, folders and links are accepted.`,
    hint:
      type === 'sparse' || type === 'unknown'
        ? 'Pack the course again without options such as --sparse, --multi-volume, --label or --incremental.'
        : 'Remove it and pack the course again.',
  })
}

function tooBigThroughLinks(limit: number): TaskFailure {
  return new TaskFailure({
    code: 'archive-too-big',
    title: 'The archive was refused',
    detail: `With links replaced by the files they point to, it is bigger than ${limit} bytes.`,
    hint: 'Remove the links, or ask the operator to raise limits.totalBytes.',
  })
}

async function* counted(
  content: AsyncIterable<Uint8Array>,
  guard: LimitGuard,
  before: readonly Uint8Array[],
): AsyncGenerator<Uint8Array> {
  yield* before
  for await (const chunk of content) {
    guard.countContent(chunk.length)
    yield chunk
  }
}

/** Reads past a member, whose bytes count all the same. */
async function drain({ content }: ArchiveMember, guard: LimitGuard): Promise<void> {
  for await (const chunk of content) guard.countContent(chunk.length)
}
