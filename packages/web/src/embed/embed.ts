import { ErrandStart } from './errand-start.ts'
import { ErrandTask } from './errand-task.ts'

/*
 * Elements for the platform's own pages, which the platform serves Errand beside (same origin, so that the session's
 * cookie says who is asking):
 *
 *     <script type="module" src="/embed.js"></script>
 *     <errand-start definition="course.export" input='{"course":"course-v1:Org+Course+Run"}'>Export</errand-start>
 *     <errand-task task="0189…"></errand-task>
 */
customElements.define('errand-task', ErrandTask)
customElements.define('errand-start', ErrandStart)
