import { isMarkedAsUntransferable } from 'node:worker_threads'

/** Whether bytes are alone in memory that can be handed to another thread; what a native module has made cannot. */
export function isAlone({ buffer, byteLength }: Uint8Array): boolean {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && !isMarkedAsUntransferable(buffer)
}
