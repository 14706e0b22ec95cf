import type { NotificationTexts } from '@errand/task'

/** How the end of a report reads, in each language that its readers speak. The values in braces are filled in for each. */
export const texts: NotificationTexts = {
  en: {
    completed: {
      title: 'The grades of {input.course} are ready',
      body: '{result.grade.completed} learners were graded. It took {duration}.',
    },
    completed_with_errors: {
      title: 'The grades of {input.course} are ready, with gaps',
      body: '{result.grade.completed} of {result.grade.total} learners were graded; {result.grade.failed} could not be.',
    },
    failed: { title: 'The grades of {input.course} could not be worked out' },
  },
  de: {
    completed: {
      title: 'Die Noten von {input.course} sind fertig',
      body: '{result.grade.completed} Lernende wurden bewertet. Dauer: {duration}.',
    },
    completed_with_errors: {
      title: 'Die Noten von {input.course} sind fertig, mit Lücken',
      body: '{result.grade.completed} von {result.grade.total} Lernenden wurden bewertet, {result.grade.failed} nicht.',
    },
    failed: { title: 'Die Noten von {input.course} konnten nicht berechnet werden' },
  },
  es: {
    completed: {
      title: 'Las notas de {input.course} están listas',
      body: 'Alumnos calificados: {result.grade.completed}. Duración: {duration}.',
    },
    completed_with_errors: {
      title: 'Las notas de {input.course} están listas, con huecos',
      body: 'Alumnos calificados: {result.grade.completed} de {result.grade.total}; no calificados: {result.grade.failed}.',
    },
    failed: { title: 'No se han podido calcular las notas de {input.course}' },
  },
}
