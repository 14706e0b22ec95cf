/** What went wrong and what to do, as one text: Studio's answers have place for one alone. */
export function sentences(told: { title: string; detail?: string | undefined; hint?: string | undefined }): string {
  return [told.title, told.detail, told.hint]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => (/[.!?]$/.test(part ?? '') ? part : `${part}.`))
    .join(' ')
}
