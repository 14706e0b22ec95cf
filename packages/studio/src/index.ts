/**
 * A door for clients of Open edX Studio: the calls with which its front end and scripts import and export courses.
 *
 * @packageDocumentation
 */
export { type StudioOptions, studioDoor } from './studio-door.ts'
