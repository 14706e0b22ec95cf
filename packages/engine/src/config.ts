import type { StoreConfig } from '@errand/task'
import type { Logger } from 'pino'
import type { RolesHook } from './access/roles.ts'
import type { ScopeEnds } from './artifacts/keep.ts'
import type { Quota } from './artifacts/quota.ts'
import type { Clock } from './database/clock.ts'
import type { NotificationConfig } from './notifications/types.ts'
import type { RetentionPolicy } from './retention/policy.ts'
import type { StorageRoutes } from './storage/storages.ts'

/** Where the record is kept. */
export type DatabaseConfig =
  | {
      kind: 'pglite'
      /** A folder, or `memory://`. It belongs to one process. */
      dataDir: string
    }
  | { kind: 'postgres'; url: string }

/** What `createEngine` is told. */
export interface EngineConfig {
  database: DatabaseConfig
  /** Where files are kept: `default`, and any others by name. */
  storages: Readonly<Record<string, StoreConfig>>
  /** Which definition's or slot's outputs go to which of them. Default: all to `default`. */
  routes?: StorageRoutes
  /** Asks the platform for people's roles, beside what credentials and the record say of them. */
  roles?: RolesHook
  /** How people are told, beside their inbox. */
  notifications?: NotificationConfig
  logger?: Logger
  /** When a scope ends, for outputs that are kept until then. Without it they are kept. */
  scopeEnds?: ScopeEnds
  /** How much the outputs of a scope may take. */
  quota?: Quota
  /** How long the history of tasks is kept. */
  retention?: RetentionPolicy
  /** For tests, which move it. Default: the database's clock. */
  clock?: Clock
  /** Largest upload, in bytes. Default {@link defaults}.uploadLimit. */
  uploadLimit?: number
}

/** Every default of the engine: a name, a unit and a reason. */
export const defaults = {
  /** Seconds back that waits, run times and failures are told of: ten scrapes and more, and soon over once all is well. */
  measureWindow: 900,
  /** Connections to PostgreSQL for the record. Enough for a batch of each kind in flight, few enough for many nodes. */
  poolSize: 10,
  /** Connections to PostgreSQL for dispatch's own upkeep; what it does for us runs in our transactions. */
  dispatchPoolSize: 2,
  /** Milliseconds until a connection is there, or one of the pool is free: what takes longer is reported, not waited for. */
  connectTimeout: 10_000,
  /** Milliseconds for a look at one of several hosts: three that are all silent still fit into `connectTimeout`. */
  lookTimeout: 3_000,
  /** Milliseconds of silence before TCP asks whether the other side is still there. */
  keepAliveDelay: 10_000,
  /** Milliseconds a statement may take: pages and batches take a hundredth of it, so what takes longer is stuck. */
  statementTimeout: 30_000,
  /** Milliseconds in which a connection hears nothing before it is given up: a little more than a statement may take. */
  silenceTimeout: 35_000,
  /** The same for dispatch's own upkeep, which has statements over whole tables. */
  dispatchSilence: 60_000,
  /** Milliseconds a transaction may stand still: as long as a lease, since its holder is as good as lost. */
  idleTransactionTimeout: 10_000,
  /** Milliseconds between signs of life on the listening connection, which has nothing else to say for hours. */
  listenHeartbeat: 5_000,
  /** Milliseconds without any of them after which it is made again. */
  listenSilence: 15_000,
  /** Seconds without a heartbeat after which a claim is lost. The least pg-boss allows; workers beat every 3 s. */
  leaseSeconds: 10,
  /** Seconds between looks for lost claims: with the lease, a killed worker's steps are free within 20 s. */
  superviseSeconds: 4,
  /** Seconds an attempt may hold its claim, heartbeats or not: the most pg-boss allows. */
  longestAttemptSeconds: 86_400,
  /**
   * How often a step's worker may be lost before the step counts as what kills it: since its last attempt that ended by
   * itself, and since it last saved something new.
   */
  losses: 5,
  /** Milliseconds between writes of progress and log lines: a person sees no difference, the database does. */
  reportInterval: 250,
  /** Milliseconds after which a queue found empty is asked again without being told of work. */
  idlePoll: 1_000,
  /** Milliseconds between looks at the record for a watcher that heard nothing: only matters if a signal was lost. */
  watchPoll: 5_000,
  /** Milliseconds between two updates to a watcher: faster than an eye follows, slow enough for thousands. */
  watchInterval: 100,
  /**
   * The same after a quiet time, for whoever watches one task; each that follows is twice as long, up to `watchInterval`.
   * A short task is over within a few of them, and its end is not to wait for eyes.
   */
  watchFirst: 10,
  /** Tasks that may wait for a watcher that takes none of them: with more, reading its list anew is less work. */
  feedBacklog: 1_000,
  /** Seconds a ready step may go without a live job before the reconciler sends another. */
  reconcileAfterSeconds: 20,
  /** Milliseconds between two rounds of the reconciler. */
  reconcileInterval: 10_000,
  /** Steps the reconciler looks at in one page. */
  reconcilePage: 200,
  /** Tasks decided on in one transaction: big enough to spread the cost of a commit, small enough to stay short. */
  batch: 64,
  /** Milliseconds after which a batch of submits waits for somebody's lock: a commit takes a hundredth of it. */
  slowSubmit: 250,
  /** Batches of submits that may wait so while others go on: with them, more than half of the connections are still free. */
  slowSubmits: 4,
  /** Bytes: the longest checkpoint and `once` value. They are rewritten with each save. */
  checkpointLimit: 262_144,
  /** Bytes: the longest result of a step; big outputs are artifacts. */
  resultLimit: 1_048_576,
  /** Characters: the longest line of the activity log. */
  logLineLimit: 4_000,
  /** Lines a step may log; a flood helps nobody. */
  logLines: 1_000,
  /** Added to the last of them. */
  logFull: ' (The log is full: what comes later is not kept.)',
  /** Items of a first slice: few enough to learn soon how long one takes. */
  firstSlice: 100,
  /** Items of the longest slice, which is a page of them: what is lost with a worker stays small. */
  longestSlice: 5_000,
  /** Milliseconds a slice is meant to take: long enough to cost nothing, short enough to share out fairly. */
  sliceMs: 3_000,
  /** How much longer the next slice may be than the last, until it is known how long an item takes. */
  sliceGrowth: 10,
  /** Slices in flight while it is not known how long they are to be: as many as small machines work on at once. */
  slicesToLearn: 4,
  /**
   * Slices in flight that a planner cuts, who does so page by page. The rest of a wide window opens with the first slice that
   * ends, or within a second: many are cut at once then, which takes no more than to cut one.
   */
  slicesOfPlanner: 8,
  /** Items that are done one at a time once a worker was lost a second time: as many as lie between two wary flushes. */
  warySpan: 64,
  /** Workers lost in a row with the same item in hand, and no other: fewer may be chance, where workers are restarted. */
  poisonLosses: 3,
  /** Milliseconds between two sums of a fan-out's progress. */
  rollUpInterval: 1_000,
  /** Seconds after its end in which a lost worker may still write a segment; then they are removed. */
  segmentSeconds: 60,
  /** Segments that are read ahead while an output is put together: 4 MiB each at most. */
  segmentsAhead: 4,
  /** Bytes: 20 GiB, twice the biggest course archive we were told of. */
  uploadLimit: 20 * 1024 ** 3,
  /** Days an upload is kept that no task uses, or whose task has ended well. */
  uploadDays: 7,
  /** Seconds after which an upload that has not arrived as a whole, and does not go on, is given up. */
  uploadIdleSeconds: 86_400,
  /** Uploads of one person that may be under way. */
  uploadsOpen: 50,
  /** Bytes of what is stored as one object of an upload in parts: what a crash of the server loses at most. */
  uploadPart: 64 << 20,
  /** Uploads under way whose digest a process remembers; the files of others are read again at the end. */
  uploadHashes: 1_000,
  /** Days the history of a task is kept after its end: a term and its aftermath; what nobody wanted, less. */
  retentionDays: { completed: 180, completed_with_errors: 180, failed: 180, canceled: 30 },
  /** Milliseconds between looks for schedules that are due: a minute is the finest that cron tells. */
  scheduleInterval: 5_000,
  /** Seconds after its time in which a schedule still starts its task: as long as an upgrade of the servers takes. */
  scheduleGraceSeconds: 600,
  /** Seconds an engine has to start the task of a schedule before another tries: far more than it takes. */
  scheduleLeaseSeconds: 60,
  /** Schedules whose tasks an engine starts at once. */
  schedulePage: 25,
  /** Schedules there may be: they are listed in one answer. Many things at one time are one task that fans out. */
  schedulesMost: 1_000,
  /** Hour of the day, UTC, in which retention runs: night in most of the places where courses are. */
  retentionHour: 2,
  /** Tasks, uploads or objects that retention deals with in one statement: short enough that nothing waits for it. */
  retentionPage: 500,
  /** Seconds after its name was given that an object without a row is an orphan: longer than any upload or attempt. */
  orphanSeconds: 172_800,
  /** Seconds without a heartbeat after which a worker is not counted as live. */
  workerSeconds: 15,
  /** Seconds a worker has to make a task fit a newer version before another may try: far more than it takes. */
  moveSeconds: 60,
  /** Seconds without a move after which a step counts as stuck: twice what a lost worker's step takes to be free. */
  stuckSeconds: 60,
  /** Seconds a sign-in link holds: long enough to be clicked in a terminal, short for one that lies in its history. */
  signInLinkSeconds: 900,
  /** Seconds within which the good end of a task is no news to somebody who looks at the screen. */
  watchedSeconds: 30,
  /** Milliseconds between two notes that somebody looks at the screen; the note holds twice as long. */
  watchingInterval: 20_000,
  /** Days an inbox keeps what it was told: as long as the history of tasks. */
  inboxDays: 180,
  /** Entries of an inbox that are removed in one statement: short enough that nothing waits for it. */
  inboxPage: 1_000,
  /** Milliseconds between looks for notifications to pass on. */
  deliveryInterval: 1_000,
  /** Inbox entries whose deliveries are made in one transaction: short enough to hold nothing up. */
  routingBatch: 200,
  /** Deliveries of a channel in hand: enough to keep its connections busy, few enough to be done within their lease. */
  deliveryBatch: 25,
  /** Deliveries of a channel at once, and SMTP connections that are kept: mail servers commonly allow ten from one address. */
  deliveriesAtOnce: 5,
  /** Milliseconds a mail server or a webhook may be silent: what is slower is tried again later. */
  channelTimeout: 15_000,
  /** Milliseconds a delivery may take in all: what sends no end of bytes is slow as well. */
  deliveryTimeout: 20_000,
  /** Milliseconds a delivery is leased: none begins that could not end within it. */
  deliveryLease: 40_000,
  /** Attempts of a delivery: with the delays below, over three days. */
  deliveryAttempts: 18,
  /** Seconds until the second attempt; three times as long before each one after. */
  deliveryDelay: 5,
  /** Seconds between attempts at most: a service that was down overnight gets it in the morning. */
  deliveryLongestDelay: 28_800,
  /** The hour, where the person is, at which daily messages go out: before work begins. */
  digestHour: 7,
  /** Entries that a daily message spells out; it says how many more there are. */
  digestEntries: 50,
  /** Characters, as JSON, of a value that a notification names: more is no word in a sentence, and is left out. */
  notificationValue: 300,
  /** Milliseconds the platform may take to tell a person's roles; a page should not wait longer. */
  rolesHookTimeout: 2_000,
  /** Milliseconds its answer is kept: a role that was taken away there is gone here after that. */
  rolesHookKept: 30_000,
  /** People whose roles are kept: a few MB. */
  rolesHookPeople: 10_000,
  /** People of whom a process knows what it last wrote: a few MB. */
  peopleRemembered: 10_000,
  /** Days: the longest a personal access token may hold, so that a forgotten one ends by itself. */
  tokenDays: 365,
  /** Tokens one person may have: more than anybody has machines. */
  tokensPerPerson: 50,
  /** Seconds a session holds, used or not: a working day and its evening. */
  sessionSeconds: 43_200,
  /** Seconds a signed or presigned address to a file holds. */
  signedSeconds: 300,
  /** Seconds without a sign of life after which a download of a use-once file has let go of it. */
  takenSeconds: 60,
  /** Seconds between two questions to the platform when a scope ends. */
  scopeEndSeconds: 900,
  /** Scopes that the platform is asked about in one round of the sweep. */
  scopesAsked: 100,
  /** Days a file may be extended by at once: ten years, so that a slip of the keyboard is not for ever. */
  extendDays: 3_653,
  /** Entries of an access log that are shown. */
  accessEntries: 1_000,
  /** Scopes that the list of storage in use shows: those that take most. */
  scopesShown: 100,
} as const
