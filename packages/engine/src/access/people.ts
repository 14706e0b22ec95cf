import type { Kysely } from 'kysely'
import type { Tables } from '../database/schema.ts'
import { PeopleRecord } from './people-record.ts'
import { SignIn } from './sign-in.ts'
import { Tokens } from './tokens.ts'
import { Watching } from './watching.ts'

/** Who people are: one door to the room. */
export class People {
  /** One-time links and the sessions that come of them. */
  readonly signIn: SignIn
  /** Personal access tokens. */
  readonly tokens: Tokens
  /** Who was seen, and the roles that the record gives. */
  readonly record: PeopleRecord
  /** Who looks at the screen. */
  readonly watching: Watching

  constructor(db: Kysely<Tables>) {
    this.signIn = new SignIn(db)
    this.tokens = new Tokens(db)
    this.record = new PeopleRecord(db)
    this.watching = new Watching(db)
  }

  /** Removes what has expired. */
  async sweep(): Promise<void> {
    await this.signIn.sweep()
  }
}
