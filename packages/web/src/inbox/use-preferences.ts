import type { Preferences } from '@errand/client'
import { useMutation } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'

/** What of the preferences is to become another: what is not named stays. */
export interface PreferencesChange {
  preferences?: Preferences['preferences']
  locale?: string | null
  timeZone?: string | null
}

/** Changes the preferences, and shows what the server then says they are. */
export function usePreferencesChange() {
  return useMutation({
    mutationFn: (body: PreferencesChange) => client.api.PATCH('/api/v1/preferences', { body }),
    onSuccess: ({ data }) => queryClient.setQueryData(['preferences'], data),
  })
}
