/** A small film of many scenes, and the command line that encodes it with a group for each: what can be cut off and shared. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createPicture, type Picture } from '../../runtime/picture/picture.js';
import { filmOf } from '../../src/media/filmInMemory.js';
import { writeFilm } from '../../src/media/filmWriter.js';
import { randomSequence } from '../../trainers/schedule.js';

export const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
export const SCENE_FRAMES = 10;

/** Scenes that have nothing in common: fields of light and dark, another one each time, that move slowly. */
function pictures(scenes: number): Picture[] {
  const random = randomSequence(5);
  return Array.from({ length: scenes }).flatMap(() => {
    const light = Float64Array.from({ length: 64 }, () => 20 + 210 * random());
    const at = (x: number, y: number) => light[8 * (y & 7) + (x & 7)]!;
    return Array.from({ length: SCENE_FRAMES }, (_, frame) => {
      const picture = createPicture(48, 32, '420');
      picture.planes[1].fill(light[0]!);
      picture.planes[2].fill(light[1]!);
      for (let i = 0; i < 48 * 32; i++) {
        const place = (i % 48) / 8 + 0.02 * frame;
        const [x, y] = [Math.floor(place), i >> 8];
        picture.planes[0][i] = at(x, y) + (place - x) * (at(x + 1, y) - at(x, y));
      }
      return picture;
    });
  });
}

export async function writeSceneFilm(file: string, scenes: number): Promise<void> {
  const info = {
    ...{ width: 48, height: 32, chroma: '420' as const, rate: [25, 1] as [number, number] },
    ...{ lumaRange: 'tv' as const, matrix: 'bt709', primaries: 'bt709', transfer: 'bt709' },
    ...{ chromaLocation: 'left', sampleAspect: [1, 1] as [number, number] },
  };
  const film = filmOf(pictures(scenes), info);
  await writeFilm(film.pictures(), film.info, file, { overwrite: true });
}

/** How a program ended, and what it said. */
export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

/** Runs Node.js in a folder; `live` gets the child at once. */
export function runNode(
  folder: string,
  args: readonly string[],
  live?: (child: ChildProcess) => void,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.once('close', (code, signal) => resolve({ code, signal, stderr }));
    live?.(child);
  });
}

/** Encodes film.y4m of a folder to film.weft, every scene a group; `live` gets the child at once. */
export function encodeScenes(
  folder: string,
  more: readonly string[] = [],
  live?: (child: ChildProcess) => void,
): Promise<Outcome> {
  const options = ['--preset', 'draft', '--crf', '40', '--group-pixels', '1', '--threads', '1'];
  return runNode(folder, [MAIN, 'encode', 'film.y4m', ...options, '--progress', 'none', ...more], live);
}
