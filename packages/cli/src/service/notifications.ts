import type { Message, NotificationConfig } from '@errand/engine'
import type { Config } from '../config/schema.ts'
import { loadModule } from './load-module.ts'

/** How people are told, as the engine takes it. */
export async function notificationsOf(config: NonNullable<Config['notifications']>): Promise<NotificationConfig> {
  const { email, platform, publicUrl, webhooks } = config
  return {
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(email === undefined ? {} : { email }),
    ...(webhooks === undefined
      ? {}
      : {
          webhooks: webhooks.map(({ allowInternal, ...webhook }) => ({
            ...webhook,
            ...(allowInternal === undefined ? {} : { allowInternal }),
          })),
        }),
    ...(platform === undefined
      ? {}
      : {
          platform: await loadModule<(message: Message) => Promise<void>>(platform, 'notifications.platform'),
        }),
  }
}
