import type { Tone } from '../words/states.ts'
import classes from './state-mark.module.css'

/** A dot in the colour of a state, with its name: the colour alone would say nothing to some. */
export function StateMark({ tone, label }: { tone: Tone; label: string }) {
  return (
    <span className={classes.mark} data-tone={tone}>
      <span className={classes.dot} aria-hidden="true" />
      {label}
    </span>
  )
}
