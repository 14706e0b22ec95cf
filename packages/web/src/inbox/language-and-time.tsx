import type { Preferences } from '@errand/client'
import { Button, Group, NativeSelect, Paper, Stack, Text, Title } from '@mantine/core'
import { useRef } from 'react'
import { ChangeState } from './change-state.tsx'
import { usePreferencesChange } from './use-preferences.ts'

/** What Errand itself speaks; a definition may speak more. Whoever has chosen another keeps it. */
const LANGUAGES = ['en', 'de', 'es']

/** In which language one reads mails and the inbox, and by which clock. */
export function LanguageAndTime({ preferences }: { preferences: Preferences }) {
  const { change, save, shown } = usePreferencesChange(preferences)
  const { locale, timeZone } = shown
  const zone = useRef<HTMLSelectElement>(null)
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone
  const languages = [...new Set([...LANGUAGES, locale ?? 'en'])]
  const zones = [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone'), timeZone ?? 'UTC'])]
  return (
    <Paper withBorder p="lg" component="section" aria-labelledby="language-and-time">
      <Stack gap="sm">
        <Title order={2} size="h4" id="language-and-time">
          Language and time
        </Title>
        <Group align="end" gap="md">
          <NativeSelect
            label="Language of messages"
            data={languages.map((value) => ({ value, label: nameOf(value) }))}
            value={locale ?? 'en'}
            onChange={({ currentTarget }) => change({ locale: currentTarget.value })}
          />
          <NativeSelect
            label="Time zone"
            ref={zone}
            data={zones}
            value={timeZone ?? 'UTC'}
            onChange={({ currentTarget }) => change({ timeZone: currentTarget.value })}
          />
          {here !== (timeZone ?? 'UTC') && (
            <Button
              variant="default"
              onClick={() => {
                change({ timeZone: here })
                // There is nothing more to take, and so no such button.
                zone.current?.focus()
              }}
            >
              Take {here}, as this browser
            </Button>
          )}
        </Group>
        <Text c="dimmed" size="sm">
          Messages are written in this language, with the times of this zone. These pages are in English, with the times
          of the browser.
        </Text>
        <ChangeState change={save} />
      </Stack>
    </Paper>
  )
}

/** A language in itself: who wants it can read that. */
function nameOf(language: string): string {
  const name = new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1)
}
