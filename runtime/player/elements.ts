/** Making elements, without markup: policies may forbid that. */

import { createIcon, type Icon } from './icons.js';

/** An element with a class and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** A button with a sign. */
export function makeButton(className: string, label: string, icon: Icon): HTMLButtonElement {
  const button = make('button', className, createIcon(icon));
  button.type = 'button';
  nameButton(button, label);
  return button;
}

/** Says what a button does: to those who point at it and to those who hear it. */
export function nameButton(button: HTMLElement, label: string): void {
  button.title = label;
  button.setAttribute('aria-label', label);
}

/** A slider from 0 on. */
export function makeSlider(className: string, label: string, max: number): HTMLInputElement {
  const slider = make('input', className);
  Object.assign(slider, { type: 'range', min: '0', max: String(max), step: 'any', value: '0' });
  slider.setAttribute('aria-label', label);
  return slider;
}
