/**
 * Gives the memory of bytes back at once. V8 counts it as its own, and would collect garbage for it some time later: of
 * 1 GB that passes through in pieces, that takes ten times as long as all else (tried).
 *
 * Only for bytes that are alone in their memory, and that nobody looks at any more.
 */
export function release({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0)
}
