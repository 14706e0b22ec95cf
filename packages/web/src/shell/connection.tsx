import { useLive } from '../api/live.ts'
import classes from './shell.module.css'

/** Says when changes do not arrive; and, to those who listen, when they do again. */
export function Connection() {
  const { up } = useLive()
  return (
    <div role="status">
      {!up && <p className={classes.lost}>The connection is lost. Your tasks go on; this page comes back by itself.</p>}
    </div>
  )
}
