import { type Engine, fromPrisma, type Principal } from '@errand/engine'
import type { Enrolment } from './enrolment.ts'

/** What of your generated `PrismaClient` is used here; write `prisma: PrismaClient` in its place. */
export interface Prisma {
  $transaction<T>(work: (tx: PrismaTransaction) => Promise<T>): Promise<T>
}
interface PrismaTransaction {
  enrolment: { create(row: { data: Enrolment }): PromiseLike<unknown> }
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): Promise<T>
}

/**
 * Enrols a learner and starts the task that follows from it, both or neither, with Prisma on PostgreSQL.
 *
 * @returns the task's id
 */
export async function enrol(prisma: Prisma, engine: Engine, enrolment: Enrolment, who: Principal): Promise<string> {
  const { course, learner } = enrolment
  return prisma.$transaction(async (tx) => {
    await tx.enrolment.create({ data: enrolment })
    // Last: those who want the same thing wait for this transaction from here on.
    const task = { definition: 'certificate', input: { course, learner } }
    const { id } = await engine.within(fromPrisma(tx)).submit(task, who)
    return id
  })
}
