/** How often a channel tells: at once, in one message a day, or not at all. */
export type Cadence = 'now' | 'daily' | 'never'

/** One entry of a person's inbox. */
export interface NotificationView {
  id: string
  /** `task.completed`, `task.failed`, …, or what the platform calls its own. */
  kind: string
  title: string
  body: string
  /** Where it leads, below the public address or of the platform's own; `null` for nowhere. */
  link: string | null
  taskId: string | null
  createdAt: Date
  readAt: Date | null
}

/** Which entries of an inbox are wanted. */
export interface InboxQuery {
  /** Only those that were not read. */
  unread?: boolean
  pageToken?: string
  /** At most 200. Default 50. */
  limit?: number
}

export interface InboxPage {
  notifications: NotificationView[]
  /** `null` on the last page. */
  nextPageToken: string | null
}

/** What a person has said about one kind and channel; the kind `*` stands for every kind. */
export interface Preference {
  kind: string
  channel: string
  cadence: Cadence
}

/** What a person is told and how, with all there is to choose from. */
export interface PreferencesView {
  /** `cadence` holds where the person has said nothing; a channel that needs an address may not reach them. */
  channels: { name: string; cadence: Cadence; reachable: boolean }[]
  /** The ends of tasks, and what they have been told so far of the platform's own. */
  kinds: string[]
  preferences: Preference[]
  email: string | null
  /** BCP 47; `null`: English. */
  locale: string | null
  /** IANA; `null`: UTC. */
  timeZone: string | null
}

/** What is to change. A cadence of `null` takes back what was said. */
export interface PreferencesChange {
  preferences?: readonly (Omit<Preference, 'cadence'> & { cadence: Cadence | null })[] | undefined
  locale?: string | null | undefined
  timeZone?: string | null | undefined
}

/** Which deliveries are wanted. */
export interface DeliveryQuery {
  state?: DeliveryView['state']
  channel?: string
  pageToken?: string
  /** At most 200. Default 50. */
  limit?: number
}

/** What became of one entry on one channel. */
export interface DeliveryView {
  id: string
  notificationId: string
  principal: string
  channel: string
  kind: string
  state: 'waiting' | 'sent' | 'failed'
  /** Whether it waits for a daily message, or went with one. */
  digest: boolean
  /** How often it was tried. */
  tried: number
  createdAt: Date
  sentAt: Date | null
  /** Of one that waits: when it is tried next. */
  dueAt: Date | null
  /** The latest ones, oldest first. */
  attempts: { attempt: number; at: Date; outcome: 'sent' | 'failed' | 'gone'; detail: string | null }[]
}

export interface DeliveryPage {
  deliveries: DeliveryView[]
  /** `null` on the last page. */
  nextPageToken: string | null
}

export interface ChannelView {
  name: string
  /** Since when nothing is sent, as the other side wants no more. */
  closedAt: Date | null
  reason: string | null
  /** Deliveries that are to be made. */
  waiting: number
}

/** Something the platform tells people through the same mechanism. */
export interface NotificationRequest {
  /** Principal ids. */
  to: readonly string[]
  /** Dot-separated lower-case words: `forum.reply`. */
  kind: string
  title: string
  body?: string
  /** An http or https address, or a path. */
  link?: string
  /** Two requests with one event tell each person once. Default: each is new. */
  event?: string
}

/** What a channel is given to pass on. */
export interface Message {
  /** The same however often it is tried: whoever gets it twice can tell. */
  id: string
  to: { id: string; name: string; email: string | null; locale: string | null; timeZone: string | null }
  /** More than one in a digest. */
  notifications: readonly NotificationView[]
}

/** A way to tell people. */
export interface Channel {
  /** `email`, `platform`, or `webhook:NAME`. */
  readonly name: string
  /** Whether it can reach somebody with no address. */
  readonly needsEmail: boolean
  /** When a person has said nothing. */
  readonly cadence: Cadence
  /**
   * @throws {ChannelGone} when there is no sense in trying again
   */
  send(message: Message): Promise<void>
  close?(): void
}

/** The other side does not want to hear any more: the channel is closed until somebody opens it again. */
export class ChannelGone extends Error {
  override readonly name = 'ChannelGone'
}

/** How people are told. */
export interface NotificationConfig {
  /** Where people find the web: links begin with it. */
  publicUrl?: string
  email?: {
    /** `smtps://ACCOUNT:PASSWORD@mail.example.org`. */
    smtp: string
    /** `Courses <no-reply@example.org>`. */
    from: string
  }
  /** Signed calls as Standard Webhooks has them. */
  webhooks?: readonly WebhookConfig[]
  /** The platform's own way, as a function. */
  platform?: (message: Message) => Promise<void>
}

export interface WebhookConfig {
  name: string
  url: string
  /** `whsec_…`; the first is the newest. While there are two, each call carries both signatures. */
  secrets: readonly [string, ...string[]]
  /** Host names (of the address above) that may lie in an internal network. Default: none. */
  allowInternal?: readonly string[]
}
