import type { Principal } from '@errand/client'
import { Button, Container } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { Bell } from './bell.tsx'
import classes from './shell.module.css'

/** Where one is, where one can go, and as whom. */
export function Header({ me }: { me: Principal }) {
  return (
    <header className={classes.header}>
      <Container size="lg" className={classes.bar}>
        <Link to="/" className={classes.brand}>
          <img src="/icon.svg" alt="" width={26} height={26} />
          Errand
        </Link>
        <nav className={classes.nav} aria-label="Pages">
          <Link to="/" className={classes.link} activeOptions={{ exact: true, includeSearch: false }}>
            Tasks
          </Link>
          <Link to="/start" className={classes.link}>
            Start
          </Link>
          {me.staff && (
            <>
              <Link to="/definitions" className={classes.link}>
                Definitions
              </Link>
              <Link to="/schedules" className={classes.link}>
                Schedules
              </Link>
              <Link to="/service" className={classes.link}>
                Service
              </Link>
            </>
          )}
        </nav>
        <div className={classes.me}>
          <Bell />
          <Account me={me} />
        </div>
      </Container>
    </header>
  )
}

const AccountMenu = lazy(() => import('./account-menu.tsx').then((room) => ({ default: room.AccountMenu })))

/** A button until it is pressed: what menus are made of is more than all the rest of a first page needs. */
function Account({ me }: { me: Principal }) {
  const [wanted, setWanted] = useState(false)
  const button = (
    <Button
      variant="subtle"
      color="gray"
      c="var(--mantine-color-text)"
      className={classes.account}
      aria-haspopup="menu"
      aria-expanded={false}
      onClick={() => setWanted(true)}
    >
      {me.name}
    </Button>
  )
  return wanted ? (
    <Suspense fallback={button}>
      <AccountMenu me={me} />
    </Suspense>
  ) : (
    button
  )
}
