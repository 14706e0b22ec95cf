/**
 * Gives the memory of bytes back at once, if they are alone in it: V8 would count it as its own until it collects garbage, and
 * collect garbage for it. Only for bytes of one's own that nobody looks at any more.
 */
export function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
