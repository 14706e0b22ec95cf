import { useEffect, useState } from 'react'
import { SLOW_TICK, TICK } from '../config.ts'

/** The time now, in milliseconds; moves on each second while something on the page counts them, else each minute. */
export function useNow(seconds = true): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), seconds ? TICK : SLOW_TICK)
    return () => clearInterval(timer)
  }, [seconds])
  return now
}
