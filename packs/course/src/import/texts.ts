import type { NotificationTexts } from '@errand/task'

/** How the end of an import reads. A preview makes no version: then the body is what Errand itself says. */
export const importTexts: NotificationTexts = {
  en: {
    completed: {
      title: 'The import of {input.course} is done',
      body: 'Version {result.publish.version} is the course now, with {result.publish.files} files.',
    },
    failed: { title: 'The import of {input.course} has failed' },
    canceled: { title: 'The import of {input.course} was canceled' },
  },
  de: {
    completed: {
      title: 'Der Import von {input.course} ist fertig',
      body: 'Version {result.publish.version} mit {result.publish.files} Dateien ist jetzt der Kurs.',
    },
    failed: { title: 'Der Import von {input.course} ist fehlgeschlagen' },
    canceled: { title: 'Der Import von {input.course} wurde abgebrochen' },
  },
  es: {
    completed: {
      title: 'La importación de {input.course} ha terminado',
      body: 'La versión {result.publish.version}, con {result.publish.files} archivos, es ahora el curso.',
    },
    failed: { title: 'La importación de {input.course} ha fallado' },
    canceled: { title: 'La importación de {input.course} se ha cancelado' },
  },
}
