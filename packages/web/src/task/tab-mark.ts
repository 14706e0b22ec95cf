import type { Task } from '@errand/client'
import { useEffect } from 'react'
import { labelOf, shareOf, toneOf } from '../words/states.ts'

const signs = { good: '✓', bad: '✗', warning: '!', moving: '', quiet: '' } as const
const colours = { good: '#2b8a3e', bad: '#c92a2a', warning: '#a65f00', moving: '#0b7285', quiet: '#0b7285' } as const

/** Title and icon of the tab say how the task stands, for whoever works in another one. */
export function useTabMark(task: Task): void {
  const { state, title } = task
  const tone = toneOf(state)
  const percent = Math.floor(shareOf(task) * 100)
  useEffect(() => {
    const sign = state === 'running' ? `${percent} %` : signs[tone] || labelOf(state)
    document.title = `${sign} ${title} · Errand`
  }, [state, title, tone, percent])
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
    if (link === null || signs[tone] === '') return
    const before = link.href
    link.href = `data:image/svg+xml,${encodeURIComponent(
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${colours[tone]}"/><text x="16" y="24" font-size="22" text-anchor="middle" fill="#fff">${signs[tone]}</text></svg>`,
    )}`
    return () => {
      link.href = before
    }
  }, [tone])
}
