/** Layers: pictures that are functions of a place, and where they lie at an instant. */

/** Linear light is not modelled: colours are display values, 0..1, [R, G, B], with coverage A as the fourth. */
export type Colour = readonly [red: number, green: number, blue: number, coverage: number];

/** A texture on the plane of its own coordinates, whose unit is the height of the picture. */
export type Texture = (u: number, v: number) => Colour;

/** Where a layer's origin lies in the picture (units of its height, origin at the centre), its turn and its size. */
export interface Placement {
  x: number;
  y: number;
  /** Radians, clockwise. */
  angle: number;
  /** Above 1 is nearer. */
  zoom: number;
}

/** A texture and its motion, a function of time in seconds. */
export interface Layer {
  texture: Texture;
  at: (seconds: number) => Placement;
}

/** A film that can be asked for the colour at any place and instant. Layers are given from back to front. */
export interface Scene {
  name: string;
  seconds: number;
  /** Width to height. */
  aspect: number;
  layers: Layer[];
}

/** Lies still in the middle. */
export const still: Placement = { x: 0, y: 0, angle: 0, zoom: 1 };

/** Colour of a scene at one instant, with the placements of its layers already known. */
export function colourAt(
  layers: Layer[],
  placements: Placement[],
  x: number,
  y: number,
): [number, number, number] {
  let [red, green, blue] = [0, 0, 0];
  for (const [index, { texture }] of layers.entries()) {
    const { x: px, y: py, angle, zoom } = placements[index]!;
    const cos = Math.cos(angle) / zoom;
    const sin = Math.sin(angle) / zoom;
    const [r, g, b, a] = texture((x - px) * cos + (y - py) * sin, (y - py) * cos - (x - px) * sin);
    red += a * (r - red);
    green += a * (g - green);
    blue += a * (b - blue);
  }
  return [red, green, blue];
}
