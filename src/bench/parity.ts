import type { WeftFilm } from '../../runtime/film/film.js';
import type { FrameOptions } from '../../runtime/film/frameOptions.js';
import type { Picture } from '../../runtime/picture/picture.js';
import { openWeftFile } from '../commands/weftFile.js';
import { compareFilms } from '../measure/compareFilms.js';
import { addDifference, noDifference, type SampleDifference } from '../measure/sampleDifference.js';
import type { Reporter } from '../reporter.js';

/** What the bench of the two decoders runs. */
export interface ParityArguments {
  files: string[];
  /** First frames of each file whose pictures are compared; undefined: all. Symbols are always all compared. */
  frames?: number | undefined;
}

/** Compares the native decoder with the reference decoder: symbols, and 8-bit pictures at several sizes and instants. */
export async function benchParity({ files, frames }: ParityArguments, reporter: Reporter): Promise<void> {
  const results: Record<string, unknown>[] = [];
  for (const file of files) {
    const native = await openWeftFile(file, { engine: 'native' });
    const reference = await openWeftFile(file, { engine: 'reference' });
    try {
      const symbols = await compareSymbols(native, reference);
      reporter.table(`${file}: ${symbols.total} symbols, ${symbols.different} different`);
      const pictures: Record<string, SampleDifference> = {};
      for (const [name, view] of Object.entries(views(native, frames))) {
        const difference = await comparePictures(native.frames(view), reference.frames(view));
        pictures[name] = difference;
        reporter.table(`  ${name.padEnd(14)} ${differenceText(difference)}`);
      }
      reporter.event('file', { file, symbols, pictures });
      results.push({ file, symbols, pictures });
    } finally {
      native.close();
      reference.close();
    }
  }
  reporter.result({ files: results }, '');
}

async function compareSymbols(a: WeftFilm, b: WeftFilm): Promise<{ total: number; different: number }> {
  const symbols = { total: 0, different: 0 };
  for (const index of a.segments.keys()) {
    const [left, right] = [await a.decodeSegmentLatents(index), await b.decodeSegmentLatents(index)];
    for (const [node, latents] of left.entries()) {
      const others = right[node];
      symbols.total += latents.length;
      symbols.different += latents.reduce((sum, value, i) => sum + Number(value !== others?.[i]), 0);
    }
  }
  return symbols;
}

/** Native size, double size, and half-way between every two frames. */
function views({ header }: WeftFilm, frames = header.frames): Record<string, FrameOptions> {
  const seconds = (count: number) => (count * header.rate[1]) / header.rate[0];
  const shown = Math.min(frames, header.frames);
  const end = seconds(shown);
  const { width, height } = header;
  return {
    'native size': { end },
    'double size': { width: 2 * width, height: 2 * height, end },
    ...(shown > 1 ? { 'between frames': { start: seconds(0.5), end: seconds(shown - 1) } } : {}),
  };
}

async function comparePictures(
  left: AsyncIterable<Picture>,
  right: AsyncIterable<Picture>,
): Promise<SampleDifference> {
  const total = noDifference();
  await compareFilms(left, right, (_index, _psnrDb, a, b) => addDifference(total, a, b));
  return total;
}

function differenceText({ samples, within1, largest }: SampleDifference): string {
  return `${samples} samples, ${((100 * within1) / samples).toFixed(4)}% within 1, largest difference ${largest}`;
}
