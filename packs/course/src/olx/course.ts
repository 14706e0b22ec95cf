import type { Link } from './links.ts'
import type { NameSource } from './names.ts'
import type { Problem, ProblemCode } from './problems.ts'

export type Branch = 'published' | 'draft'

/** One block: a piece of a course that has an identity. */
export interface Block {
  /** Unique in the course: `problem/p1`, or `draft:problem/p1` for its unpublished version. */
  readonly key: string
  readonly type: string
  readonly urlName: string
  readonly nameSource: NameSource
  readonly branch: Branch
  /** The file that holds its definition, and the line of its tag there. */
  readonly file: string
  readonly line: number
  /** The tag that points to the definition, where that is another file. */
  readonly pointer: { readonly file: string; readonly line: number } | undefined
  /** The key of the block it is in. A block in two places has the first as its parent. */
  readonly parent: string | undefined
  /** The keys of its blocks, in order. One that is elsewhere too appears here all the same. */
  readonly children: readonly string[]
  readonly displayName: string | undefined
  /** As written in the file; values longer than `ATTRIBUTE_LIMIT` are cut, as they are content. */
  readonly attributes: ReadonlyMap<string, string>
  /** The file with its HTML, if that is apart. */
  readonly html: string | undefined
  /** References in its content to files and places of the course. Those in its HTML file are not among them. */
  readonly links: readonly Link[]
  /** Files in `static/` that a video takes its transcripts from, by name. */
  readonly transcripts: readonly Transcript[]
  /** Peer and self assessments in an open response, with their dates. */
  readonly assessments: readonly Assessment[]
  /** What is wrong with the JSON of its `data`, if it has such and something is. */
  readonly dataProblem: string | undefined
  /** Of all that makes it what it is, its HTML included and its children's content excluded. */
  readonly digest: string
  /** Its definition is missing or unreadable: all that is known is that it exists, and where. */
  readonly broken: boolean
  /** For a draft that is not inside another one: where among its parent's children it goes. */
  readonly draftIndex: number | undefined
}

export interface Transcript {
  readonly name: string
  readonly line: number
}

export interface Assessment {
  readonly start: string | undefined
  readonly due: string | undefined
  readonly line: number
}

/** A policy file as found: which one, and what it holds or why it could not be read. */
export interface PolicyFile {
  /** Where it is, or where it should be. */
  readonly file: string
  /** Undefined when it is absent or not JSON; it need not be an object. */
  readonly value: unknown
}

/** A page that is not a block. */
export interface Page {
  readonly kind: 'about' | 'info' | 'tab' | 'custom-tag'
  /** `overview`, `handouts`, the slug of a tab, the name of a custom tag. */
  readonly name: string
  readonly file: string
  /** From a folder named after the run, which wins over the common one. */
  readonly forRun: boolean
  readonly digest: string
}

/** An entry of the course's navigation, as its policy lists it. */
export interface Tab {
  readonly type: string
  readonly name: string | undefined
  readonly slug: string | undefined
  readonly staffOnly: boolean
}

/** A file that is served as it is. */
export interface Asset {
  readonly path: string
  readonly size: number
  /** From `policies/assets.json`, where that has an entry for it. */
  readonly displayName: string | undefined
  readonly contentType: string | undefined
  readonly locked: boolean
}

export interface Textbook {
  readonly title: string | undefined
  readonly url: string | undefined
  readonly file: string
  readonly line: number
}

/** A block that could not keep its name. */
export interface Renamed {
  readonly type: string
  readonly from: string
  readonly to: string
  readonly file: string
  readonly line: number
}

/** What a course's files say, for checks, reports and previews. The files themselves stay the truth. */
export interface Course {
  readonly kind: 'course' | 'library'
  /** The file it begins with. */
  readonly root: string
  readonly org: string | undefined
  readonly course: string | undefined
  readonly run: string | undefined
  readonly displayName: string | undefined
  /** In document order, the drafts after the published ones; the first is the course or library itself. */
  readonly blocks: readonly Block[]
  readonly byKey: ReadonlyMap<string, Block>
  readonly policy: PolicyFile
  readonly gradingPolicy: PolicyFile
  readonly tabs: readonly Tab[]
  readonly pages: readonly Page[]
  readonly assets: readonly Asset[]
  /** Entries of `policies/assets.json` that no file goes with. */
  readonly staleAssetEntries: readonly string[]
  readonly textbooks: readonly Textbook[]
  readonly wiki: string | undefined
  /** The file that lists content tags, if there is one. */
  readonly tagsFile: string | undefined
  readonly problems: readonly Problem[]
  /** Problems beyond the most that are kept, by kind. */
  readonly moreProblems: ReadonlyMap<ProblemCode, number>
  readonly renamed: readonly Renamed[]
  /** Files of blocks that nothing leads to. */
  readonly unreached: readonly string[]
}
