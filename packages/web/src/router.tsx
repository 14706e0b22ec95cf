import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { queryClient, taskQuery, tasksQuery } from './api/queries.ts'
import { Shell } from './shell/shell.tsx'
import { filtersOf } from './tasks/filters.ts'
import { TaskList } from './tasks/task-list.tsx'
import { ErrorNotice, Notice } from './ui/notice.tsx'
import { Page } from './ui/page.tsx'

const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: NothingHere,
  errorComponent: ({ error }) => <ErrorNotice error={error} />,
})

function NothingHere() {
  return (
    <Page title="Nothing here">
      <Notice title="There is no such page">Your tasks are under “Tasks”, above.</Notice>
    </Page>
  )
}

const listRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: filtersOf,
  loaderDeps: ({ search }) => search,
  // Asked for while it is found out who is there, and not after it. What goes wrong with it the page finds for itself.
  loader: ({ deps }) => void queryClient.prefetchInfiniteQuery(tasksQuery(deps)),
  component: TaskList,
})

const taskRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/tasks/$id',
  loader: ({ params }) => void queryClient.prefetchQuery(taskQuery(params.id)),
  component: lazyRouteComponent(() => import('./task/task-page.tsx'), 'TaskPage'),
})

const startRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/start',
  component: lazyRouteComponent(() => import('./start/catalogue.tsx'), 'Catalogue'),
})

const startOneRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/start/$name',
  // `from`: the task whose input fills the form.
  validateSearch: (search: Record<string, unknown>): { from?: string } =>
    typeof search.from === 'string' ? { from: search.from } : {},
  component: lazyRouteComponent(() => import('./start/start-page.tsx'), 'StartPage'),
})

const definitionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/definitions',
  component: lazyRouteComponent(() => import('./operate/definitions-page.tsx'), 'DefinitionsPage'),
})

const schedulesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/schedules',
  component: lazyRouteComponent(() => import('./operate/schedules-page.tsx'), 'SchedulesPage'),
})

const serviceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/service',
  component: lazyRouteComponent(() => import('./operate/service-page.tsx'), 'ServicePage'),
})

const retentionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/retention',
  component: lazyRouteComponent(() => import('./operate/retention-page.tsx'), 'RetentionPage'),
})

const inboxRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/inbox',
  component: lazyRouteComponent(() => import('./inbox/inbox-page.tsx'), 'InboxPage'),
})

const preferencesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/preferences',
  component: lazyRouteComponent(() => import('./inbox/preferences-page.tsx'), 'PreferencesPage'),
})

/** Every page and its address. */
export const router = createRouter({
  routeTree: rootRoute.addChildren([
    listRoute,
    taskRoute,
    startRoute,
    startOneRoute,
    definitionsRoute,
    schedulesRoute,
    serviceRoute,
    retentionRoute,
    inboxRoute,
    preferencesRoute,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
