import { expect, test } from 'vitest'
import { type NotificationRow, render } from '../render.ts'
import { builtIn, lookUp } from './built-in.ts'
import type { Facts } from './facts.ts'
import { formatFor } from './format.ts'

const facts: Facts = {
  texts: {
    en: { completed: { title: 'The archive of {input.course} is ready', body: '{output.archive.size}, {duration}' } },
    fr: { completed: { title: 'L’archive de {input.course} est prête', body: '{result.count.total} fichiers' } },
  },
  started: '2026-03-04T15:28:00+00:00',
  ended: '2026-03-04T15:30:00+00:00',
  input: { course: 'Demo' },
  results: { count: { total: 1234567 } },
  outputs: { archive: { filename: 'a.tar.gz', size: 23_412_345, expires: null } },
}
const row: NotificationRow = {
  id: '018f0000-0000-7000-8000-000000000002',
  kind: 'task.completed',
  task_id: '018f0000-0000-7000-8000-000000000001',
  data: { title: 'Export a course', scope: 'course:Demo', failure: '', hint: '' },
  created_at: new Date('2026-03-04T15:30:00Z'),
  read_at: null,
  facts,
}
const read = (locale: string | null, more: Partial<NotificationRow> = {}) => {
  const { body, title } = render({ ...row, ...more }, { locale, timeZone: null })
  return [title, body]
}

test('the definition’s words in the person’s language, else Errand’s in it, else in English', () => {
  expect(read(null)).toEqual(['The archive of Demo is ready', '23.4 MB, 2 minutes'])
  expect(read('fr-CA')[0]).toBe('L’archive de Demo est prête')
  expect(read('fr-CA')[1]?.replaceAll(/\s/g, ' ')).toBe('1 234 567 fichiers')
  expect(read('de-AT')).toEqual(['„Export a course“ ist fertig', 'Demo'])
  expect(read('es')).toEqual(['«Export a course» ha terminado', 'Demo'])
  // Nobody has written Japanese: English, with English numbers.
  expect(read('ja')).toEqual(['The archive of Demo is ready', '23.4 MB, 2 minutes'])
  expect(read('no locale at all')[0]).toBe('The archive of Demo is ready')
  expect(read(null, { facts: null })).toEqual(['Export a course is done', 'Demo'])
})

test('an ending without words of the definition reads as Errand has it, and so does what names a missing value', () => {
  const data = { ...row.data, failure: 'It did not work', hint: 'Try again' }
  expect(read('fr', { kind: 'task.failed', data })).toEqual([
    'Export a course has failed',
    'Demo. It did not work. Try again',
  ])
  expect(read(null, { facts: { ...facts, input: {} } })).toEqual(['Export a course is done', '23.4 MB, 2 minutes'])
  expect(read(null, { facts: { ...facts, outputs: null } })).toEqual(['The archive of Demo is ready', 'Demo'])
})

test('a value is text: what stands in it is not filled in, has no second line and no marks that turn the text', () => {
  const input = { course: '{hint}\r\nBcc: x@example.org\u202e' }
  expect(read(null, { facts: { ...facts, input } })[0]).toBe('The archive of {hint} Bcc: x@example.org is ready')
})

test('languages are looked up by leaving out what stands last', () => {
  expect(lookUp('zh-Hant-TW', ['zh', 'zh-Hant'])).toBe('zh-Hant')
  expect(lookUp('PT-br', ['pt-BR'])).toBe('pt-BR')
  expect(lookUp('pt', ['pt-BR'])).toBeUndefined()
  expect(lookUp('de-u-nu-latn', ['de'])).toBe('de')
  expect(lookUp('constructor', ['de'])).toBeUndefined()
  expect(builtIn('de').language).toBe('de')
})

test('sizes, times and spans as people read them where they are', () => {
  const de = formatFor({ locale: 'de', timeZone: 'Europe/Berlin' })
  expect([de.size(999), de.size(999_500), de.size(5_000_000_000)].map((text) => text.replaceAll(/\s/g, ' '))).toEqual([
    '999 Byte',
    '1 MB',
    '5 GB',
  ])
  expect(de.moment(new Date('2026-07-01T23:30:00Z'))).toBe('02.07.2026, 01:30')
  expect([de.duration(1_000), de.duration(119_000), de.duration(7_200_000)]).toEqual([
    '1 Sekunde',
    '119 Sekunden',
    '2 Stunden',
  ])
  expect(formatFor({ locale: 'x', timeZone: 'No/Where' }).moment(new Date('2026-07-01T23:30:00Z'))).toMatch(/11:30/)
})

test.each(['en', 'de', 'es'])('all that Errand says is there in %s, with its values', (language) => {
  const { texts } = builtIn(language)
  for (const text of Object.values(texts.endings)) expect(text).toContain('{title}')
  for (const text of [texts.several, texts.more]) expect(text).toContain('{count}')
})
