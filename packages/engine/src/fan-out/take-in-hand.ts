import type { Transaction } from 'kysely'
import type { Tables } from '../database/schema.ts'
import { ClaimLost } from '../problem.ts'
import type { ClaimRef } from '../types.ts'
import { inHand } from './losses.ts'
import type { FanOutServices } from './rows.ts'

/**
 * Records that the item at this place is tried next, while items are done one at a time: if the worker is lost now, this
 * one was in hand and no other.
 *
 * @throws {ClaimLost}
 */
export async function takeInHand({ db }: FanOutServices, { lease, slice }: ClaimRef, at: number): Promise<void> {
  await db.transaction().execute(async (trx: Transaction<Tables>) => {
    const row = await trx
      .selectFrom('slices')
      .select(['care', 'single_until', 'suspect'])
      .where('id', '=', slice ?? '')
      .where('lease', '=', lease)
      .where('state', '=', 'running')
      .where('cursor', '=', at)
      .forUpdate()
      .executeTakeFirst()
    if (slice === undefined || row === undefined) {
      throw new ClaimLost('The slice is another worker’s by now, or its fan-out is over.')
    }
    const { care, suspect } = inHand(row, at)
    await trx.updateTable('slices').set({ care, suspect }).where('id', '=', slice).execute()
  })
}
