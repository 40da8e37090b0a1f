import { expect, test } from 'vitest';
import { createPicture } from '../../runtime/picture/picture.js';
import { composeSheet } from '../../src/demo/sheet.js';

test('a sheet shows every cell where it belongs, crops enlarged', () => {
  const picture = createPicture(8, 4, '420');
  picture.planes[0].set([200, 201], 0);
  const rows = [
    [{ label: 'A', picture }],
    [{ label: 'B', picture, crop: { x: 0, y: 0, width: 2, height: 1 } }],
  ];
  const sheet = composeSheet(rows, 8, 4);
  expect([sheet.width, sheet.height, sheet.chroma]).toEqual([8 + 16, 8 + 2 * (22 + 4 + 8), '444']);
  const row = (y: number) => [...sheet.planes[0].subarray(y * sheet.width + 8, y * sheet.width + 16)];
  expect(row(8 + 22)).toEqual([200, 201, 0, 0, 0, 0, 0, 0]);
  expect(row(8 + 22 + 4 + 8 + 22 + 3)).toEqual([200, 200, 200, 200, 201, 201, 201, 201]);
  expect(sheet.planes[0].includes(220)).toBe(true);
});
