import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findSampleFilm } from '../../clips/sampleFilm.js';

test('the sample film is installed with the dev dependencies', () => {
  const film = findSampleFilm();
  expect(film).toBeDefined();
  expect(statSync(film!).size).toBeGreaterThan(1_000_000);
});
