/** What elements stand on where there are any: on a server there are none, and modules of elements can be imported all the same. */

/** `HTMLElement` of a browser; elsewhere a class that nobody makes one of. */
export const BaseElement: typeof HTMLElement =
  globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement);

/** Makes an element known to the page, once. Does nothing on a server. */
export function defineElement(name: string, element: CustomElementConstructor): void {
  const { customElements } = globalThis;
  if (customElements && !customElements.get(name)) customElements.define(name, element);
}

/** A sheet for shadow roots: pages whose policy forbids inline styles allow it. */
export function styleSheet(css: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}
