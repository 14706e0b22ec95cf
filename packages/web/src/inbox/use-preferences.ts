import type { Preferences } from '@errand/client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'

/** What of the preferences is to become another: what is not named stays. */
export interface PreferencesChange {
  preferences?: Preferences['preferences']
  locale?: string | null
  timeZone?: string | null
}

/**
 * Changes the preferences, one after the other so that the last one wins. They are shown as they will be from the first moment: by
 * keyboard one choice leads to the next.
 */
export function usePreferencesChange(saved: Preferences) {
  const [onTheirWay, setOnTheirWay] = useState<readonly PreferencesChange[]>([])
  const save = useMutation({
    scope: { id: 'preferences' },
    mutationFn: (body: PreferencesChange) => client.api.PATCH('/api/v1/preferences', { body }),
    onSuccess: ({ data }) => queryClient.setQueryData(['preferences'], data),
    onSettled: (_data, _error, change) => setOnTheirWay((before) => before.filter((one) => one !== change)),
  })

  function change(to: PreferencesChange) {
    setOnTheirWay((before) => [...before, to])
    save.mutate(to)
  }

  return { shown: onTheirWay.reduce(changed, saved), change, save }
}

function changed(before: Preferences, { preferences = [], ...rest }: PreferencesChange): Preferences {
  const stays = ({ channel, kind }: Preferences['preferences'][number]) =>
    !preferences.some((one) => one.channel === channel && one.kind === kind)
  return { ...before, ...rest, preferences: [...before.preferences.filter(stays), ...preferences] }
}
