/** `<weft-player>`: `<weft-video>` with controls where the attribute `controls` is set. */

import { styleSheet } from './baseElement.js';
import { Controls } from './controls.js';
import { CONTROLS_STYLE } from './controlsStyle.js';
import { enterFull, isFull, leaveFull } from './fullscreen.js';
import { WeftVideo } from './weftVideo.js';

export class WeftPlayer extends WeftVideo {
  static override get observedAttributes(): readonly string[] {
    return [...WeftVideo.observedAttributes, 'controls'];
  }

  #controls: Controls | undefined;

  constructor() {
    super();
    this.root.adoptedStyleSheets = [...this.root.adoptedStyleSheets, styleSheet(CONTROLS_STYLE)];
  }

  /** Whether there are controls. */
  get controls(): boolean {
    return this.hasAttribute('controls');
  }

  set controls(on: boolean) {
    this.toggleAttribute('controls', on);
  }

  /** Whether it fills the screen, or where a browser does not give that, the window. */
  get isFullscreen(): boolean {
    return isFull(this);
  }

  enterFullscreen(): Promise<void> {
    return enterFull(this);
  }

  leaveFullscreen(): Promise<void> {
    return leaveFull(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#showControls();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#showControls();
  }

  override attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    if (name === 'controls') this.#showControls();
    else super.attributeChangedCallback(name, before, value);
  }

  /** Controls listen to the page: they are there only while the element is. */
  #showControls(): void {
    const wanted = this.isConnected && this.controls;
    if (wanted && !this.#controls) {
      // Keys need somewhere to go.
      if (!this.hasAttribute('tabindex')) this.tabIndex = 0;
      this.#controls = new Controls(this, this.stage);
      this.root.append(this.#controls.element);
    } else if (!wanted) {
      this.#controls?.close();
      this.#controls = undefined;
    }
  }
}
