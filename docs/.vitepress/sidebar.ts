/** A group of pages; paths are the repository's. */
export interface Group {
  text: string
  items: { text: string; link: string }[]
}

/** Every page of the handbook, in the order in which it is read. */
export const sidebar: Group[] = [
  {
    text: 'Begin',
    items: [
      { text: 'What Errand is', link: '/README.md' },
      { text: 'The pages', link: '/docs/README.md' },
      { text: 'Quick start', link: '/docs/quick-start.md' },
      { text: 'Your first task', link: '/docs/first-task.md' },
      { text: 'Concepts', link: '/docs/concepts.md' },
    ],
  },
  {
    text: 'Write tasks',
    items: [
      { text: 'Recipes', link: '/docs/recipes.md' },
      { text: 'Something for each of many', link: '/docs/fan-out.md' },
      { text: 'Testing a definition', link: '/packages/testing/README.md' },
      { text: 'How steps run', link: '/packages/worker/README.md' },
      { text: 'Course import and export', link: '/packs/course/README.md' },
      { text: 'A row for each learner', link: '/packs/grade-report/README.md' },
    ],
  },
  {
    text: 'Within a platform',
    items: [
      { text: 'Schedules', link: '/docs/schedules.md' },
      { text: 'Embedding', link: '/docs/embedding.md' },
      { text: 'Studio’s calls', link: '/docs/studio.md' },
      { text: 'People', link: '/docs/people.md' },
      { text: 'Notifications', link: '/docs/notifications.md' },
      { text: 'The web', link: '/docs/web.md' },
      { text: 'Every page of the web', link: '/docs/screenshots/README.md' },
    ],
  },
  {
    text: 'Run it',
    items: [
      { text: 'Deploying', link: '/docs/deploy.md' },
      { text: 'Operating', link: '/docs/operate.md' },
      { text: 'Upgrading', link: '/docs/upgrade.md' },
      { text: 'Backup and restore', link: '/docs/backup.md' },
      { text: 'Security', link: '/docs/security.md' },
    ],
  },
  {
    text: 'Look up',
    items: [
      { text: 'The command', link: '/packages/cli/README.md' },
      { text: 'What --json prints', link: '/docs/json.md' },
      { text: 'The HTTP API', link: '/packages/server/README.md' },
      { text: 'Reference', link: '/docs/reference.md' },
      { text: 'Beside others', link: '/docs/comparison.md' },
      { text: 'Lessons from elsewhere', link: '/docs/lessons.md' },
      { text: 'How it is built', link: '/ARCHITECTURE.md' },
      { text: 'Changes', link: '/CHANGELOG.md' },
    ],
  },
]
