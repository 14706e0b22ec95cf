import type { Principal } from '@errand/client'
import { Button, Container, Menu, useMantineColorScheme } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { client } from '../api/client.ts'
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

const schemes = { auto: 'As the device', light: 'Light', dark: 'Dark' } as const

function Account({ me }: { me: Principal }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Menu position="bottom-end" width="14rem" withinPortal={false} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button variant="subtle" color="gray" c="var(--mantine-color-text)" className={classes.account}>
          {me.name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Looks</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(scheme) => setColorScheme(scheme as keyof typeof schemes)}>
          {Object.entries(schemes).map(([scheme, label]) => (
            <Menu.RadioItem key={scheme} value={scheme}>
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item component={Link} to="/preferences">
          What you are told
        </Menu.Item>
        <Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

async function signOut(): Promise<void> {
  await client.api.DELETE('/api/v1/session')
  // Everything that was read goes with the page.
  location.assign('/')
}
