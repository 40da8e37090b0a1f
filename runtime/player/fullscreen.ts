/** Showing the player as large as it goes. */

/** Older browsers of Apple have it under a name of their own; iPhones have it for `<video>` alone. */
interface AppleElement extends HTMLElement {
  webkitRequestFullscreen?(): void;
}
interface AppleDocument extends Document {
  readonly webkitFullscreenElement?: Element | null;
  webkitExitFullscreen?(): void;
}

/** Fills the window by style where the browser gives no full screen. */
const FILLED = 'filled';

/** Whether the element fills the screen, or the window. */
export function isFull(element: HTMLElement): boolean {
  const page = element.ownerDocument as AppleDocument;
  const onScreen = page.fullscreenElement ?? page.webkitFullscreenElement;
  return element.hasAttribute(FILLED) || onScreen === element || element.matches(':fullscreen');
}

/** Fills the screen; where that is not given, the window. */
export async function enterFull(element: AppleElement): Promise<void> {
  try {
    if (element.requestFullscreen) await element.requestFullscreen({ navigationUI: 'hide' });
    else if (element.webkitRequestFullscreen) element.webkitRequestFullscreen();
    else fillWindow(element, true);
  } catch {
    // The browser may refuse, as in frames that are not allowed to.
    fillWindow(element, true);
  }
}

export async function leaveFull(element: HTMLElement): Promise<void> {
  if (element.hasAttribute(FILLED)) {
    fillWindow(element, false);
    return;
  }
  const page = element.ownerDocument as AppleDocument;
  if (page.exitFullscreen) await page.exitFullscreen();
  else page.webkitExitFullscreen?.();
}

function fillWindow(element: HTMLElement, on: boolean): void {
  element.toggleAttribute(FILLED, on);
  element.dispatchEvent(new Event('fullscreenchange'));
}
