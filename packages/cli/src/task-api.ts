import type { Client } from './connect.ts'

/** The API's answers, by the names the commands use. */
export type Task = Awaited<ReturnType<Client['getTask']>>
export type Artifact = Task['artifacts'][number]
