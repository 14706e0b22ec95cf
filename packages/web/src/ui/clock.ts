import { useEffect, useState } from 'react'
import { TICK } from '../config.ts'

/** The time now, in milliseconds; moves on only while something on the page counts. */
export function useNow(running = true): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    setNow(Date.now())
    if (!running) return
    const timer = setInterval(() => setNow(Date.now()), TICK)
    return () => clearInterval(timer)
  }, [running])
  return now
}
