/**
 * Gives the memory of bytes back at once. V8 counts it as its own, and would collect garbage for it some time later: of
 * 1 GB that passes through in pieces, that takes ten times as long as all else (tried).
 *
 * Only for bytes that nobody looks at any more. Those that are not alone in their memory, as a short text's are in Node's
 * pool, are left to V8.
 */
export function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached && buffer.byteLength === byteLength) buffer.transfer(0)
}
