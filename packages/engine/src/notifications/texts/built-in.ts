import type { Ending } from '@errand/task'

/** What Errand itself says in one language. Values stand in braces, as in a definition's texts. */
export interface BuiltInTexts {
  /** The title of an entry. */
  endings: Readonly<Record<Ending, string>>
  /** The subject of a mail about several things. */
  several: string
  /** After the first ones in a mail. */
  more: string
  /** On the button. */
  open: string
  /** To the preferences. */
  settings: string
}

const en: BuiltInTexts = {
  endings: {
    completed: '{title} is done',
    completed_with_errors: '{title} is done, with errors',
    failed: '{title} has failed',
    canceled: '{title} was canceled',
  },
  several: '{count} things have happened',
  more: 'And {count} more, in your inbox.',
  open: 'Open it',
  settings: 'What you are told, and how often',
}

const de: BuiltInTexts = {
  endings: {
    completed: '„{title}“ ist fertig',
    completed_with_errors: '„{title}“ ist fertig, aber mit Fehlern',
    failed: '„{title}“ ist fehlgeschlagen',
    canceled: '„{title}“ wurde abgebrochen',
  },
  several: '{count} Neuigkeiten',
  more: 'Und {count} weitere in Ihrem Posteingang.',
  open: 'Öffnen',
  settings: 'Worüber Sie benachrichtigt werden und wie oft',
}

const es: BuiltInTexts = {
  endings: {
    completed: '«{title}» ha terminado',
    completed_with_errors: '«{title}» ha terminado con errores',
    failed: '«{title}» ha fallado',
    canceled: '«{title}» se ha cancelado',
  },
  several: '{count} novedades',
  more: 'Y {count} más en su bandeja de entrada.',
  open: 'Abrir',
  settings: 'De qué se le avisa y con qué frecuencia',
}

/** What somebody reads who has chosen no language, or one that nobody has written. */
export const fallback = { language: 'en', texts: en } as const

const languages: Readonly<Record<string, BuiltInTexts>> = { en, de, es }

/**
 * What Errand says to whoever reads that language.
 *
 * @param locale - BCP 47; `null`: nothing was chosen
 */
export function builtIn(locale: string | null): { language: string; texts: BuiltInTexts } {
  const language = lookUp(locale, Object.keys(languages))
  const texts = language === undefined ? undefined : languages[language]
  return language === undefined || texts === undefined ? fallback : { language, texts }
}

/**
 * The closest of the languages that are there, by leaving out what stands last (RFC 4647, "lookup").
 *
 * @example
 * ```ts
 * lookUp('de-CH', ['de', 'en']) // 'de'
 * ```
 */
export function lookUp(locale: string | null, there: readonly string[]): string | undefined {
  let wanted = canonical(locale)
  while (wanted !== '') {
    if (there.includes(wanted)) return wanted
    wanted = wanted.slice(0, Math.max(0, wanted.lastIndexOf('-')))
  }
  return undefined
}

function canonical(locale: string | null): string {
  try {
    return locale === null ? '' : new Intl.Locale(locale).baseName
  } catch {
    return ''
  }
}
