import type { Principal } from '@errand/client'
import { Button, Menu, useMantineColorScheme } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { client } from '../api/client.ts'
import classes from './shell.module.css'

const schemes = { auto: 'As the device', light: 'Light', dark: 'Dark' } as const

/** Looks, preferences, and the way out; open from the start, as it is there once it was asked for. */
export function AccountMenu({ me }: { me: Principal }) {
  const [opened, setOpened] = useState(false)
  // After the button that asked for it has the focus again, which it gets back when the menu closes.
  useEffect(() => setOpened(true), [])
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Menu
      opened={opened}
      onChange={setOpened}
      position="bottom-end"
      width="14rem"
      withinPortal={false}
      withInitialFocusPlaceholder={false}
    >
      <Menu.Target>
        <Button variant="subtle" color="gray" c="var(--mantine-color-text)" className={classes.account} autoFocus>
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
