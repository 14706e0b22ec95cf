import type { Kysely } from 'kysely'
import type { Tables } from '../database/schema.ts'
import { SignIn } from './sign-in.ts'

/** Who people are: one door to the room. */
export class People {
  readonly signIn: SignIn

  constructor(db: Kysely<Tables>) {
    this.signIn = new SignIn(db)
  }

  /** Removes what has expired. */
  async sweep(): Promise<void> {
    await this.signIn.sweep()
  }
}
