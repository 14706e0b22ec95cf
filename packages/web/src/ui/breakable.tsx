import { Fragment } from 'react'

/** A course key, a mail address or a file name, which is one long word: a line ends after one of its signs rather than between letters. */
export function Breakable({ children }: { children: string }) {
  const parts = children.split(/(?<=[+:@._/-])/)
  return parts.map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they are text, and have no other name
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ))
}
