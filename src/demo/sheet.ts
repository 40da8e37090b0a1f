import { chromaSize, createPicture, type Picture } from '../../runtime/picture/picture.js';
import { eachDot, glyphHeight } from './bitmapFont.js';

/** A part of a picture, in pixels. */
export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** One labelled picture of a sheet; with `crop`, that part of it enlarged by repeating pixels. */
export interface SheetCell {
  label: string;
  picture: Picture;
  crop?: Rectangle;
}

const labelScale = 2;
const labelHeight = labelScale * (glyphHeight + 4);
const gap = 8;

/**
 * Lays out rows of cells, each `cellWidth` x `cellHeight`, on a dark ground.
 *
 * @returns a 4:4:4 picture
 */
export function composeSheet(rows: SheetCell[][], cellWidth: number, cellHeight: number): Picture {
  const columns = Math.max(...rows.map((row) => row.length));
  const width = gap + columns * (cellWidth + gap);
  const height = gap + rows.length * (labelHeight + cellHeight + gap);
  const sheet = createPicture(width, height, '444');
  sheet.planes[0].fill(28);
  sheet.planes[1].fill(128);
  sheet.planes[2].fill(128);
  for (const [r, row] of rows.entries()) {
    for (const [c, cell] of row.entries()) {
      const x = gap + c * (cellWidth + gap);
      const y = gap + r * (labelHeight + cellHeight + gap);
      drawText(sheet, cell.label, x, y + labelScale);
      drawCell(sheet, cell, { x, y: y + labelHeight, width: cellWidth, height: cellHeight });
    }
  }
  return sheet;
}

function drawText(sheet: Picture, text: string, x: number, y: number): void {
  eachDot(text, (dx, dy) => {
    for (let i = 0; i < labelScale * labelScale; i++) {
      const px = x + dx * labelScale + (i % labelScale);
      const py = y + dy * labelScale + Math.floor(i / labelScale);
      if (px < sheet.width && py < sheet.height) sheet.planes[0][py * sheet.width + px] = 220;
    }
  });
}

function drawCell(sheet: Picture, { picture, crop }: SheetCell, to: Rectangle): void {
  const from = crop ?? { x: 0, y: 0, width: picture.width, height: picture.height };
  const chroma = chromaSize(picture.width, picture.height, picture.chroma);
  for (const [index, plane] of picture.planes.entries()) {
    const size = index === 0 ? picture : chroma;
    for (let y = 0; y < to.height; y++) {
      const sy = ((from.y + ((y + 0.5) * from.height) / to.height) * size.height) / picture.height;
      const line = Math.min(size.height - 1, Math.floor(sy)) * size.width;
      const out = (to.y + y) * sheet.width + to.x;
      for (let x = 0; x < to.width; x++) {
        const sx = ((from.x + ((x + 0.5) * from.width) / to.width) * size.width) / picture.width;
        sheet.planes[index]![out + x] = plane[line + Math.min(size.width - 1, Math.floor(sx))]!;
      }
    }
  }
}
