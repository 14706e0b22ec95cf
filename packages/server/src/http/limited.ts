/**
 * The same bytes, up to `limit` of them.
 *
 * @throws what `refuse` makes, at the first byte over the limit
 */
export async function* limited(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limit: number,
  refuse: () => Error,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > limit) throw refuse()
    yield chunk
  }
}
