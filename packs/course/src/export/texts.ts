import type { NotificationTexts } from '@errand/task'

/** How the end of an export reads. */
export const exportTexts: NotificationTexts = {
  en: {
    completed: {
      title: 'The archive of {input.course} is ready',
      body: '{output.archive.filename} ({output.archive.size}) is kept until {output.archive.expires}.',
    },
    failed: { title: 'The export of {input.course} has failed' },
    canceled: { title: 'The export of {input.course} was canceled' },
  },
  de: {
    completed: {
      title: 'Das Archiv von {input.course} ist fertig',
      body: '{output.archive.filename} ({output.archive.size}) liegt bis {output.archive.expires} bereit.',
    },
    failed: { title: 'Der Export von {input.course} ist fehlgeschlagen' },
    canceled: { title: 'Der Export von {input.course} wurde abgebrochen' },
  },
  es: {
    completed: {
      title: 'El archivo de {input.course} está listo',
      body: '{output.archive.filename} ({output.archive.size}) se conserva hasta el {output.archive.expires}.',
    },
    failed: { title: 'La exportación de {input.course} ha fallado' },
    canceled: { title: 'La exportación de {input.course} se ha cancelado' },
  },
}
