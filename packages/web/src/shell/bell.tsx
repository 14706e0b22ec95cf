import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { unreadQuery } from '../api/queries.ts'
import { count } from '../words/units.ts'
import classes from './shell.module.css'

/** More than this is many: the number would only take room. */
const MOST_SHOWN = 99

/** The way to the inbox, with how much in it is unread. */
export function Bell() {
  const { data: unread = 0 } = useQuery(unreadQuery)
  const words = unread === 0 ? 'Inbox' : `Inbox, ${count(unread)} unread`
  return (
    <Link to="/inbox" className={classes.bell} aria-label={words} title={words}>
      <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" fill="none" stroke="currentColor">
        <path
          d="M6 10a6 6 0 0 1 12 0c0 5 2 6 2 7H4c0-1 2-2 2-7Zm4 10a2 2 0 0 0 4 0"
          strokeWidth="1.75"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      {unread > 0 && (
        <span className={classes.unread} aria-hidden="true">
          {unread > MOST_SHOWN ? `${MOST_SHOWN}+` : unread}
        </span>
      )}
    </Link>
  )
}
