/** Attributes of the elements, as properties: those of `<video>`, and those of weft's own. */

import { ENLARGE_CHOICES, type EnlargeChoice } from '../film/frameOptions.js';
import { BaseElement } from './baseElement.js';
import type { PresentationTexts } from './presentation.js';
import { RENDERER_CHOICES, type RendererChoice } from './rendererChoice.js';

/** Attributes that the elements look at when they change. */
export const OBSERVED_ATTRIBUTES = [
  ...['src', 'poster', 'loop', 'smooth', 'enlarge', 'autoplay'],
  ...['retime', 'freeze', 'shutter', 'pan'],
];

export class MediaAttributes extends BaseElement {
  /** Address of the film, as it is written. */
  get src(): string {
    return this.getAttribute('src') ?? '';
  }

  set src(address: string) {
    this.setAttribute('src', address);
  }

  /** Address of a picture that is shown before the film begins. */
  get poster(): string {
    return this.getAttribute('poster') ?? '';
  }

  set poster(address: string) {
    this.setAttribute('poster', address);
  }

  /** `none`: nothing is fetched before somebody plays; `metadata` and `auto`: the beginning is. */
  get preload(): '' | 'none' | 'metadata' | 'auto' {
    const value = this.getAttribute('preload');
    return value === 'none' || value === 'metadata' ? value : 'auto';
  }

  set preload(value: string) {
    this.setAttribute('preload', value);
  }

  /** Plays by itself once it can; with sound only where the browser lets it: see `muted`. */
  get autoplay(): boolean {
    return this.hasAttribute('autoplay');
  }

  set autoplay(on: boolean) {
    this.toggleAttribute('autoplay', on);
  }

  /** Begins again at its end, without a gap. */
  get loop(): boolean {
    return this.hasAttribute('loop');
  }

  set loop(on: boolean) {
    this.toggleAttribute('loop', on);
  }

  /** The attribute `muted`, with which a film begins. */
  get defaultMuted(): boolean {
    return this.hasAttribute('muted');
  }

  set defaultMuted(on: boolean) {
    this.toggleAttribute('muted', on);
  }

  /** Every refresh of the screen shows its own instant, between frames too. Below speed 1 that is always so. */
  get smooth(): boolean {
    return this.hasAttribute('smooth');
  }

  set smooth(on: boolean) {
    this.toggleAttribute('smooth', on);
  }

  /** What pictures are made larger with: what the film teaches, where it has an enlarger, or Lanczos's kernel alone. */
  get enlarge(): EnlargeChoice {
    const value = this.getAttribute('enlarge') as EnlargeChoice;
    return ENLARGE_CHOICES.includes(value) ? value : 'film';
  }

  set enlarge(name: string) {
    this.setAttribute('enlarge', name);
  }

  /** Speeds at times of the film, `0:1, 2.5:0.25`; empty: one speed. What is wrong in it, as in the next, `statistics.notes` says. */
  get retime(): string {
    return this.getAttribute('retime') ?? '';
  }

  set retime(points: string) {
    this.setAttribute('retime', points);
  }

  /** Pictures that stand: times of the film and seconds, `2:1.5, 4:1`. */
  get freeze(): string {
    return this.getAttribute('freeze') ?? '';
  }

  set freeze(points: string) {
    this.setAttribute('freeze', points);
  }

  /** Degrees 0..360 of the duration of a frame for which each picture is exposed. */
  get shutter(): number {
    return Number(this.getAttribute('shutter') ?? 0);
  }

  set shutter(degrees: number) {
    this.setAttribute('shutter', String(degrees));
  }

  /** A part that moves: times shown and parts in pixels of the film, `0:0,0,480,270; 2:100,50,240,135`. */
  get pan(): string {
    return this.getAttribute('pan') ?? '';
  }

  set pan(points: string) {
    this.setAttribute('pan', points);
  }

  /** What draws; what does not work is passed over. Counts when a film is loaded. */
  get renderer(): RendererChoice {
    const value = this.getAttribute('renderer') as RendererChoice;
    return RENDERER_CHOICES.includes(value) ? value : 'auto';
  }

  set renderer(name: string) {
    this.setAttribute('renderer', name);
  }

  /** Name of the engine that decodes, or `auto`. Counts when a film is loaded. */
  get engine(): string {
    return this.getAttribute('engine') ?? 'auto';
  }

  set engine(name: string) {
    this.setAttribute('engine', name);
  }

  /** Threads that decode; 0 is one per core. More than one need a page that is cross-origin isolated. */
  get threads(): number {
    const value = Number(this.getAttribute('threads') ?? 0);
    return Number.isInteger(value) && value >= 0 ? value : 0;
  }

  set threads(count: number) {
    this.setAttribute('threads', String(count));
  }

  /** Address of weft-worker.js, for pages whose policy allows no workers from blobs; else empty. */
  get worker(): string {
    return this.getAttribute('worker') ?? '';
  }

  set worker(address: string) {
    this.setAttribute('worker', address);
  }

  protected get presentationTexts(): PresentationTexts {
    const text = (name: string): string | undefined => this.getAttribute(name) ?? undefined;
    return { retime: text('retime'), freeze: text('freeze'), shutter: text('shutter'), pan: text('pan') };
  }

  /** Always true: films are shown in the page. */
  get playsInline(): boolean {
    return true;
  }

  set playsInline(_: boolean) {}
}
