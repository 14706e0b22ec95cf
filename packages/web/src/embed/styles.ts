/** The looks of both elements. A page changes them by the variables, and reaches nothing else in them. */
export const STYLES = `
:host {
  display: block;
  font: var(--errand-font, inherit);
  color: var(--errand-color, inherit);
}
.box {
  display: grid;
  gap: 0.5em;
  padding: 1em;
  border: 1px solid var(--errand-line, rgb(128 128 128 / 40%));
  border-radius: var(--errand-radius, 0.5em);
  background: var(--errand-background, transparent);
}
p { margin: 0; }
.title { font-weight: 600; }
.bar { block-size: 0.4em; border-radius: 1em; overflow: hidden; background: var(--errand-line, rgb(128 128 128 / 40%)); }
.fill { block-size: 100%; background: var(--errand-accent, #0b7285); }
.links { display: flex; flex-wrap: wrap; gap: 1em; }
a { color: var(--errand-accent, inherit); }
button {
  font: inherit;
  padding: 0.5em 1.25em;
  border: 0;
  border-radius: var(--errand-radius, 0.5em);
  color: var(--errand-on-accent, #fff);
  background: var(--errand-accent, #0b7285);
  cursor: pointer;
}
button[aria-busy] { opacity: 0.6; cursor: progress; }
:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
`
