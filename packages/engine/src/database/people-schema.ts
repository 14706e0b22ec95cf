import type { ColumnType } from 'kysely'
import type { Grant, Principal, ScopeRole } from '../types.ts'

type Json<T> = ColumnType<T, string, string>
type StampedTime = ColumnType<Date, Date | undefined, Date>
type NullableTime = ColumnType<Date | null, Date | null | undefined, Date | null>

/** The tables of people: identity, memberships, notifications. */
export interface PeopleTables {
  principals: {
    id: string
    name: string
    email: string | null
    staff: boolean
    roles: Json<ScopeRole[]>
    locale: string | null
    time_zone: string | null
    seen_at: StampedTime
  }
  memberships: {
    principal: string
    scope: string
    role: ScopeRole['role']
    created_by: string
    created_at: StampedTime
  }
  sign_in_links: { hash: string; principal: Json<Principal>; expires_at: Date }
  sessions: { hash: string; principal: Json<Principal>; created_at: StampedTime; expires_at: Date }
  tokens: {
    id: string
    hash: string
    principal: string
    holder: Json<Principal>
    name: string
    scopes: Json<Grant[]>
    created_at: StampedTime
    expires_at: Date
    last_used_at: NullableTime
    revoked_at: NullableTime
  }
  notifications: {
    id: string
    principal: string
    kind: string
    event: string
    task_id: string | null
    data: Json<Record<string, unknown>>
    created_at: StampedTime
    read_at: NullableTime
    routed_at: NullableTime
  }
  deliveries: {
    id: string
    notification_id: string
    principal: string
    channel: string
    state: 'waiting' | 'sent' | 'failed'
    digest: boolean
    attempts: number
    attempts_allowed: number | null
    due_at: StampedTime
    created_at: StampedTime
    sent_at: NullableTime
  }
  delivery_attempts: {
    delivery_id: string
    attempt: number
    at: StampedTime
    outcome: string
    detail: string | null
  }
  preferences: { principal: string; kind: string; channel: string; cadence: 'now' | 'daily' | 'never' }
  channels: { name: string; disabled_at: NullableTime; reason: string | null }
  watching: { principal: string; until: Date }
}
