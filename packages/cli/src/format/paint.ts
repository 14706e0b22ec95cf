import { styleText } from 'node:util'

/** Colours for one stream: none where it is no terminal, or where NO_COLOR asks for none. */
export type Paint = (style: Style, text: string) => string
export type Style = 'green' | 'red' | 'yellow' | 'cyan' | 'dim' | 'bold'

/** How to write to `stream`. `styleText` knows NO_COLOR, FORCE_COLOR and whether the stream is a terminal. */
export function painter(stream: NodeJS.WritableStream): Paint {
  return (style, text) => styleText(style, text, { stream, validateStream: true })
}
