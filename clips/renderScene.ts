import { createPicture, type FilmInfo, type Picture, type Rational } from '../runtime/picture/picture.js';
import { colourAt, type Scene } from './layer.js';

/** How to render. */
export interface RenderOptions {
  width: number;
  height: number;
  /** Samples on each side of a pixel; default 4, that is 16 a pixel. */
  samples?: number;
}

/** Y'CbCr of BT.709 in limited range. */
function toCodes(red: number, green: number, blue: number): [number, number, number] {
  const y = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return [16 + 219 * y, 128 + (224 * (blue - y)) / 1.8556, 128 + (224 * (red - y)) / 1.5748];
}

/** Mean of a 2x2 block of a plane of even size. */
function halved(plane: Float64Array, width: number, height: number): Uint8Array {
  const out = new Uint8Array((width / 2) * (height / 2));
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      const at = y * width + x;
      const sum = plane[at]! + plane[at + 1]! + plane[at + width]! + plane[at + width + 1]!;
      out[(y / 2) * (width / 2) + x / 2] = Math.round(sum / 4);
    }
  }
  return out;
}

/**
 * The true picture of a scene at an instant: every pixel is the mean of the scene over its area, an instant has no
 * length (no motion blur), chroma is the mean of four pixels (4:2:0, sited in their centre).
 *
 * @throws RangeError if width or height is odd
 */
export function renderScene(scene: Scene, seconds: number, options: RenderOptions): Picture {
  const { width, height, samples = 4 } = options;
  if (width % 2 !== 0 || height % 2 !== 0)
    throw new RangeError(`Scenes are rendered at even sizes, not ${width}x${height}.`);
  const placements = scene.layers.map((layer) => layer.at(seconds));
  const planes = [0, 1, 2].map(() => new Float64Array(width * height));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sum = [0, 0, 0];
      for (let i = 0; i < samples * samples; i++) {
        const sx = ((x + ((i % samples) + 0.5) / samples) / width - 0.5) * scene.aspect;
        const sy = (y + (Math.floor(i / samples) + 0.5) / samples) / height - 0.5;
        const colour = colourAt(scene.layers, placements, sx, sy);
        for (let k = 0; k < 3; k++) sum[k]! += colour[k]!;
      }
      const n = samples * samples;
      const codes = toCodes(sum[0]! / n, sum[1]! / n, sum[2]! / n);
      for (let k = 0; k < 3; k++) planes[k]![y * width + x] = codes[k]!;
    }
  }
  const picture = createPicture(width, height, '420');
  picture.planes[0] = Uint8Array.from(planes[0]!, (code) => Math.round(code));
  picture.planes[1] = halved(planes[1]!, width, height);
  picture.planes[2] = halved(planes[2]!, width, height);
  return picture;
}

/** A scene as a film that can be read again and again. */
export function sceneFilm(
  scene: Scene,
  options: RenderOptions & { rate: Rational; frames?: number },
): { info: FilmInfo; pictures(): AsyncGenerator<Picture, void, undefined> } {
  const { width, height, rate } = options;
  const frames = options.frames ?? Math.floor((scene.seconds * rate[0]) / rate[1]);
  return {
    info: {
      ...{ width, height, chroma: '420', rate, frames, lumaRange: 'tv', sampleAspect: [1, 1] },
      ...{ matrix: 'bt709', primaries: 'bt709', transfer: 'bt709', chromaLocation: 'center' },
    },
    async *pictures() {
      for (let frame = 0; frame < frames; frame++)
        yield renderScene(scene, (frame * rate[1]) / rate[0], options);
    },
  };
}
