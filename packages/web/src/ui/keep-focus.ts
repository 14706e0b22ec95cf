import { FOCUS_PAUSE } from '../config.ts'

/**
 * Keeps the keyboard's place where what has the focus leaves the page, as a button does when nothing is left for it to do. Nothing
 * would have the focus then: it goes to the nearest thing around it that stays and may have it (`tabIndex={-1}`), and that is
 * the content as a whole where there is no other.
 */
export function keepFocus(): void {
  let path: readonly Element[] = []
  document.addEventListener('focusin', (event) => {
    path = event.composedPath().filter((one) => one instanceof Element)
  })

  function giveBack() {
    const [focused, ...around] = path
    if (focused === undefined || focused.isConnected || document.activeElement !== document.body) return
    path = []
    const place =
      around.find((one) => one.isConnected && one.hasAttribute('tabindex')) ?? document.getElementById('main')
    // A row that was scrolled away takes its focus along: nothing is to jump.
    if (place instanceof HTMLElement) place.focus({ preventScroll: true })
  }

  new MutationObserver(() => {
    if (path[0]?.isConnected === false) setTimeout(giveBack, FOCUS_PAUSE)
  }).observe(document.body, { childList: true, subtree: true })
}
