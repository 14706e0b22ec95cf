import { create } from 'content-disposition'

// Characters that end a header or hide the real name from whoever reads it: controls, line and paragraph
// separators, and the marks that turn the direction of writing.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/**
 * A Content-Disposition that makes a browser save the file under its name, whatever the script it is written in
 * (RFC 6266, with RFC 8187 beside an ASCII fallback).
 *
 * @example
 * ```ts
 * attachment('Übersicht.csv') // attachment; filename="?bersicht.csv"; filename*=UTF-8''%C3%9Cbersicht.csv
 * ```
 */
export function attachment(filename: string): string {
  const name = filename.toWellFormed().replaceAll(UNSAFE, '').replaceAll(/[/\\]/g, '_').trim()
  return create(name === '' || name === '.' || name === '..' ? 'download' : name)
}
