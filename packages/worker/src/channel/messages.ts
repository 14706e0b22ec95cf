/**
 * What the two ends of a claim's MessagePort say to each other. Both directions use the same messages:
 * requests with replies, notes without, and byte streams with credits.
 */
export type Message =
  | { type: 'call'; id: number; method: string; args: unknown }
  | { type: 'reply'; id: number; value: unknown }
  | { type: 'refusal'; id: number; error: PlainError }
  | { type: 'note'; name: string; value: unknown }
  /** Bytes of a stream, from its sender. */
  | { type: 'chunk'; stream: number; bytes: Uint8Array }
  | { type: 'end'; stream: number }
  | { type: 'broken'; stream: number; error: PlainError }
  /** From a stream's receiver: it has taken so many bytes. */
  | { type: 'credit'; stream: number; bytes: number }
  /** From a stream's receiver: it wants no more. */
  | { type: 'unwanted'; stream: number }

/** An error as it crosses threads: structured cloning would drop all but name, message and stack. */
export interface PlainError {
  name: string
  message: string
  stack?: string
  code?: string
  title?: string
  detail?: string
  hint?: string
  retryable?: boolean
}
