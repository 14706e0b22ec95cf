/** RFC 9110 media type with parameters. */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *;[\x20-\x7e]*)?$/

/** The media type, or that of plain bytes for what is none. */
export function mediaTypeOf(text: string | null | undefined): string {
  return typeof text === 'string' && MEDIA_TYPE.test(text) ? text : 'application/octet-stream'
}
