/** Signs on buttons, 24 x 24, as paths. */

const SVG = 'http://www.w3.org/2000/svg';

const PATHS = {
  play: 'M8 5.1v13.8a.9.9 0 0 0 1.37.77l11-6.9a.9.9 0 0 0 0-1.54l-11-6.9A.9.9 0 0 0 8 5.1z',
  pause: 'M7 5h3.2v14H7zM13.8 5H17v14h-3.2z',
  replay: 'M12 5V1.8L7 6l5 4.2V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z',
  back: 'M7 6h2v12H7zM19 6v12l-8.5-6z',
  forward: 'M15 6h2v12h-2zM5 6l8.5 6L5 18z',
  loud: 'M3 9.5v5h3.6L11 19V5L6.6 9.5zM13.5 8.2v7.6a4.2 4.2 0 0 0 0-7.6zM13.5 4.2v2a6.1 6.1 0 0 1 0 11.6v2a8.1 8.1 0 0 0 0-15.6z',
  mute: 'M3 9.5v5h3.6L11 19V5L6.6 9.5zM21 9.6 19.6 8.2 17 10.8l-2.6-2.6L13 9.6l2.6 2.4-2.6 2.6 1.4 1.4L17 13.4l2.6 2.6 1.4-1.4-2.6-2.6z',
  minus: 'M6 11h12v2H6z',
  plus: 'M11 6h2v5h5v2h-5v5h-2v-5H6v-2h5z',
  smooth:
    'M2.5 12c2.4-5.2 4.8-5.2 7.1-1.6 2.3 3.6 3.9 3.9 5.6 1.2 1.6-2.6 3.4-3.3 6.3-1.2l-1.1 1.7c-1.8-1.3-2.4-1-3.5.7-2.6 4.2-5.9 3.8-9-1.2-1.5-2.4-2.2-2.4-3.7 1.2z',
  enter: 'M5 5h5v2H7v3H5zM14 5h5v5h-2V7h-3zM5 14h2v3h3v2H5zM17 14h2v5h-5v-2h3z',
  leave: 'M8 5h2v5H5V8h3zM14 5h2v3h3v2h-5zM5 14h5v5H8v-3H5zM14 14h5v2h-3v3h-2z',
} as const;

export type Icon = keyof typeof PATHS;

/** A sign as an element; markup as text would need a policy that lets it in. */
export function createIcon(name: Icon): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS(SVG, 'path'));
  setIcon(svg, name);
  return svg;
}

export function setIcon(svg: SVGSVGElement, name: Icon): void {
  svg.firstElementChild!.setAttribute('d', PATHS[name]);
}
