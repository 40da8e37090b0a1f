import { expect, test } from 'vitest';
import { renderScene, sceneFilm } from '../../clips/renderScene.js';
import { scenes } from '../../clips/scenes.js';
import { createPicture, type Picture } from '../../runtime/picture/picture.js';
import { psnr } from '../../src/measure/psnr.js';

function areaAverage(large: Picture, factor: number): Picture {
  const small = createPicture(large.width / factor, large.height / factor, '420');
  for (const [index, plane] of small.planes.entries()) {
    const width = index === 0 ? small.width : small.width / 2;
    const from = large.planes[index]!;
    for (let i = 0; i < plane.length; i++) {
      const [x, y] = [(i % width) * factor, Math.floor(i / width) * factor];
      let sum = 0;
      for (let k = 0; k < factor * factor; k++) {
        sum += from[(y + Math.floor(k / factor)) * width * factor + x + (k % factor)]!;
      }
      plane[i] = Math.round(sum / factor ** 2);
    }
  }
  return small;
}

test.each(Object.values(scenes))('$name is the same scene at every size', (scene) => {
  const small = renderScene(scene, 0.4, { width: 64, height: 36, samples: 8 });
  const large = renderScene(scene, 0.4, { width: 256, height: 144, samples: 2 });
  expect(psnr(small, areaAverage(large, 4)).y).toBeGreaterThan(48);
});

test.each(Object.values(scenes))('$name moves, and a time has one picture', (scene) => {
  const at = (seconds: number) => renderScene(scene, seconds, { width: 64, height: 36 });
  expect(psnr(at(0.5), at(0.5)).y).toBe(100);
  expect(psnr(at(0.5), at(0.7)).y).toBeLessThan(35);
});

test('a film of a scene has its frames at their times', async () => {
  const scene = scenes.crossing!;
  const film = sceneFilm(scene, { width: 32, height: 18, rate: [15, 1], samples: 2 });
  expect(film.info.frames).toBe(30);
  let index = 0;
  for await (const picture of film.pictures()) {
    if (index === 10)
      expect(picture).toEqual(renderScene(scene, 10 / 15, { width: 32, height: 18, samples: 2 }));
    index++;
  }
  expect(index).toBe(30);
});
