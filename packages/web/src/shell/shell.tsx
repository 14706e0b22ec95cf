import { Center, Container, Loader } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Outlet } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { isSignedOut } from '../api/client.ts'
import { signedIn, useFeed, useLive } from '../api/live.ts'
import { meQuery } from '../api/queries.ts'
import { ErrorNotice } from '../ui/notice.tsx'
import { Connection } from './connection.tsx'
import { Header } from './header.tsx'
import classes from './shell.module.css'
import { SignedOut, SignedOutMeanwhile } from './signed-out.tsx'

/** What stands around every page: who is signed in, where one can go, and whether changes arrive. */
export function Shell() {
  const me = useQuery(meQuery)
  const live = useLive()
  const isGone = live.signedOut || isSignedOut(me.error)

  // Each time the server says who is there.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each time it was read
  useEffect(signedIn, [me.dataUpdatedAt])

  const person = useRef(me.data?.id)
  person.current ??= me.data?.id
  // Somebody else has signed in on another page of this browser. Nothing that was read, told or typed here is theirs.
  const isOther = person.current !== me.data?.id
  useEffect(() => {
    if (isOther) location.reload()
  }, [isOther])

  if (me.data === undefined || isOther) {
    return (
      <Container component="main" size="sm" className={classes.main}>
        {me.error === null || isOther ? (
          <Center mih="50vh">
            <Loader aria-label="Loading" />
          </Center>
        ) : isGone ? (
          <SignedOut />
        ) : (
          <ErrorNotice error={me.error} onRetry={() => void me.refetch()} />
        )}
      </Container>
    )
  }
  return (
    <>
      <a className={classes.skip} href="#main">
        Skip to the content
      </a>
      <Header me={me.data} />
      <Feed person={me.data.id} />
      <Container component="main" id="main" tabIndex={-1} size="lg" className={classes.main}>
        {isGone && <SignedOutMeanwhile looking={me.isFetching} onLook={() => void me.refetch()} />}
        <Outlet />
      </Container>
    </>
  )
}

function Feed({ person }: { person: string }) {
  useFeed(person)
  return <Connection />
}
