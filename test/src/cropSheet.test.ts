/** Sheets of crops: which region they show, what they are composed of, and where they go. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Chroma, createPicture, type FilmInfo, type Picture } from '../../runtime/picture/picture.js';
import type { ComparedWays } from '../../src/bench/benchFilm.js';
import { cropSheet, regionOfDifference } from '../../src/bench/cropSheet.js';
import { tabulate } from '../../src/bench/decibelTable.js';
import { prepareSheets, writeSheet } from '../../src/bench/sheetFiles.js';
import { benchSlowMotion } from '../../src/bench/slowMotion.js';
import type { CommandContext } from '../../src/commands/context.js';
import { collectPictures, filmOf } from '../../src/media/filmInMemory.js';
import { openFilm } from '../../src/media/filmReader.js';
import { matrixOf, writeFilm } from '../../src/media/filmWriter.js';
import { Reporter } from '../../src/reporter.js';
import { canEncode } from '../nativeEngine.js';

/** Samples around a sheet's cells, and the rows of a label. */
const [GAP, LABEL] = [8, 22];
const usual = { overwrite: false, ffmpeg: undefined };

let folder: string;
const file = (name: string): string => path.join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'weft sheets '));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A picture of one colour, in codes. */
function plain(width: number, height: number, codes: readonly number[], chroma: Chroma = '420'): Picture {
  const picture = createPicture(width, height, chroma);
  for (const [plane, samples] of picture.planes.entries()) samples.fill(codes[plane]!);
  return picture;
}

const gray = (width: number, height: number): Picture => plain(width, height, [100, 128, 128]);

/** A copy with `code` in a square of luma of 8x8 samples. */
function marked(picture: Picture, x: number, y: number, code: number): Picture {
  const planes = picture.planes.map((plane) => plane.slice()) as Picture['planes'];
  for (let i = 0; i < 64; i++) planes[0][(y + (i >> 3)) * picture.width + x + (i & 7)] = code;
  return { ...picture, planes };
}

function infoOf({ width, height, chroma }: Picture, rate: [number, number] = [24, 1]): FilmInfo {
  return {
    ...{ width, height, chroma, rate, lumaRange: 'tv', chromaLocation: 'left', sampleAspect: [1, 1] },
    ...{ matrix: 'bt709', primaries: 'bt709', transfer: 'bt709' },
  };
}

describe('the region of a sheet', () => {
  const film = [0, 1, 2].map(() => gray(320, 240));

  it('holds the corner where one way errs', () => {
    const bad = film.map((picture, index) => (index === 1 ? marked(picture, 310, 230, 140) : picture));
    const region = regionOfDifference({ truth: film, ways: { bad, good: film } });
    expect(region).toEqual({ picture: 1, x: 160, y: 80, width: 160, height: 160 });
  });

  it('is not where all ways err alike', () => {
    const alike = film.map((picture) => marked(picture, 0, 0, 250));
    const one = [marked(alike[0]!, 200, 8, 110), ...alike.slice(1)];
    const region = regionOfDifference({ truth: film, ways: { one, other: alike } });
    expect(region).toMatchObject({ picture: 0, y: 0 });
    expect(region.x).toBeGreaterThanOrEqual(208 - 160);
  });

  it('begins at even samples, and is the whole picture where that is smaller', () => {
    const odd = gray(177, 145);
    const region = regionOfDifference({ truth: [odd], ways: { a: [odd], b: [marked(odd, 168, 100, 0)] } });
    expect(region).toEqual({ picture: 0, x: 16, y: 0, width: 160, height: 145 });
  });

  it('is the first one where nothing differs', () => {
    const region = regionOfDifference({ truth: film, ways: { a: film, b: film } });
    expect(region).toEqual({ picture: 0, x: 0, y: 0, width: 160, height: 160 });
  });

  it('needs pictures, of one size and as many of each way', () => {
    expect(() => regionOfDifference({ truth: [], ways: {} })).toThrow(RangeError);
    expect(() => regionOfDifference({ truth: film, ways: { a: film.slice(1) } })).toThrow(RangeError);
    expect(() => regionOfDifference({ truth: film, ways: { a: film.map(() => gray(160, 240)) } })).toThrow(
      RangeError,
    );
  });
});

describe('a sheet', () => {
  it('has the truth first and then every way, 160 samples wide each', () => {
    const ways = { dark: [gray(320, 240)], light: [plain(320, 240, [200, 90, 150])] };
    const region = { picture: 0, x: 16, y: 32, width: 160, height: 160 };
    const sheet = cropSheet({ truth: [plain(320, 240, [50, 128, 128])], ways }, region);
    expect([sheet.width, sheet.height, sheet.chroma]).toEqual([
      GAP + 3 * (160 + GAP),
      GAP + LABEL + 160 + GAP,
      '444',
    ]);
    const at = (cell: number, plane: number) =>
      sheet.planes[plane]![(GAP + LABEL) * sheet.width + GAP + cell * (160 + GAP)];
    expect([0, 1, 2].map((cell) => at(cell, 0))).toEqual([50, 100, 200]);
    expect([at(2, 1), at(2, 2)]).toEqual([90, 150]);
  });

  it('repeats the samples of a narrow picture', () => {
    const picture = marked(gray(48, 32), 40, 24, 7);
    const compared = { truth: [picture], ways: { a: [gray(48, 32)] } };
    const sheet = cropSheet(compared, regionOfDifference(compared));
    expect([sheet.width, sheet.height]).toEqual([GAP + 2 * (4 * 48 + GAP), GAP + LABEL + 4 * 32 + GAP]);
    const marks = sheet.planes[0].filter((code) => code === 7);
    expect(marks).toHaveLength(64 * 16);
  });
});

describe('files of sheets', () => {
  it('are named after what they show, equal names told apart, in a folder that is made', async () => {
    const names = ['a', 'A', 'frame-%03d'];
    const files = await prepareSheets(file('new/sheets'), names, usual);
    expect(files).toEqual(['a.png', 'A-2.png', 'frame-_03d.png'].map((name) => file(`new/sheets/${name}`)));
    expect(readdirSync(file('new/sheets'))).toEqual([]);
  });

  it('are not written over without being asked', async () => {
    writeFileSync(file('b.png'), '');
    await expect(prepareSheets(folder, ['a', 'b'], usual)).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
      value: file('b.png'),
      hint: expect.stringContaining('--pictures'),
    });
    expect(await prepareSheets(folder, ['b'], { overwrite: true })).toEqual([file('b.png')]);
  });

  it('take the place of no film and of no folder', async () => {
    writeFileSync(file('b.png'), '');
    const rules = { overwrite: true, inputs: [file('a.mkv'), file('b.png')] };
    await expect(prepareSheets(folder, ['b'], rules)).rejects.toMatchObject({ code: 'OUTPUT_IS_INPUT' });
    await expect(prepareSheets(file('b.png'), ['a'], usual)).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  });

  it('are pictures that ffmpeg reads, in the colours of the film', async () => {
    const colours = { truth: [81, 100, 200], weft: [120, 100, 140], blend: [60, 180, 110] };
    const [truth, weft, blend] = Object.values(colours).map((codes) => [plain(176, 144, codes)]);
    const compared = {
      info: infoOf(truth![0]!),
      frames: [17],
      truth: truth!,
      ways: { weft: weft!, blend: blend! },
    };
    const { note, picture } = await writeSheet(file('film.png'), compared, usual);
    expect(note).toBe('film.png: frame 17, 0,0, truth | weft | blend');
    expect(picture).toEqual({
      ...{ file: file('film.png'), frame: 17, x: 0, y: 0, width: 160, height: 144 },
      ways: ['truth', 'weft', 'blend'],
    });
    // RGB is read with the matrix of BT.709, that of the film.
    const film = await openFilm(file('film.png'));
    const [sheet, ...others] = await collectPictures(film.pictures());
    await film.close();
    expect([sheet!.width, sheet!.height, others]).toEqual([512, 182, []]);
    for (const [cell, codes] of Object.values(colours).entries()) {
      const middle = 100 * 512 + GAP + cell * (160 + GAP) + 80;
      for (const [plane, code] of codes.entries())
        expect(Math.abs(sheet!.planes[plane]![middle]! - code), `${cell} ${plane}`).toBeLessThanOrEqual(1);
    }
    await expect(writeSheet(file('film.png'), compared, usual)).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
    });
  });

  it('have the matrix that a film of their size would have', () => {
    expect(matrixOf({ matrix: 'unknown', height: 720 })).toBe('bt709');
    expect(matrixOf({ matrix: 'unknown', height: 718 })).toBe('smpte170m');
    expect(matrixOf({ matrix: 'bt2020nc', height: 144 })).toBe('bt2020nc');
  });
});

/** A context that keeps the lines of a command. */
function recorded(json: boolean): { context: CommandContext; lines: () => string } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const reporter = new Reporter({ progress: 'none', json, debug: false, stdout: stream, stderr: stream });
  return { context: { reporter, ...usual }, lines: () => text };
}

describe('rows with sheets', () => {
  const picture = gray(48, 32);
  const compared: ComparedWays = {
    info: infoOf(picture),
    truth: [picture],
    ways: { a: [picture], b: [picture] },
  };
  const measure = async (name: string) => ({
    name,
    figures: { Y: 40 },
    note: 'a note',
    fields: {},
    compared,
  });

  it('say what is in them, for people and for programs', async () => {
    const sheets = await prepareSheets(folder, ['film'], usual);
    const people = recorded(false);
    await tabulate(['film'], measure, { context: people.context, summary: 'mean', sheets });
    expect(people.lines()).toContain('(a note, film.png: frame 0, 0,0, truth | a | b)');
    const programs = recorded(true);
    const again = { ...programs.context, overwrite: true };
    await tabulate(['film'], measure, { context: again, summary: 'mean', sheets });
    expect(JSON.parse(programs.lines().split('\n')[0]!)).toMatchObject({
      ...{ type: 'row', name: 'film' },
      picture: { file: file('film.png'), frame: 0, x: 0, y: 0, ways: ['truth', 'a', 'b'] },
    });
  });

  it('are as they were where no sheet is wanted', async () => {
    const people = recorded(false);
    await tabulate(['film'], measure, { context: people.context, summary: 'mean' });
    expect(people.lines()).toContain('(a note)');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('slow motion of a film', () => {
  /** A light square that moves on a gray ground, 48x32. */
  async function writeMoving(name: string, frames: number): Promise<string> {
    const pictures = Array.from({ length: frames }, (_, frame) => marked(gray(48, 32), frame, 8, 220));
    const film = filmOf(pictures, infoOf(pictures[0]!));
    await writeFilm(film.pictures(), film.info, file(name));
    return file(name);
  }
  const args = { crf: 30, preset: 'draft', factor: 4 } as const;

  it('that is too short is refused before anything is encoded, with what to do', async () => {
    const films = [await writeMoving('short.y4m', 16)];
    const { context, lines } = recorded(true);
    await expect(benchSlowMotion({ ...args, films }, context)).rejects.toMatchObject({
      ...{ code: 'FILM_TOO_SHORT', exitCode: 2, path: '--frames', value: 16, range: '17 or more' },
      message: expect.stringContaining('short'),
      hint: expect.stringContaining('17'),
    });
    expect(lines()).toBe('');
  });

  it('is refused at once where its sheet may not be written', async () => {
    const films = [await writeMoving('film.y4m', 17)];
    writeFileSync(file('film.png'), '');
    const { context, lines } = recorded(true);
    await expect(benchSlowMotion({ ...args, films, pictures: folder }, context)).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
    });
    expect(lines()).toBe('');
  });

  it.skipIf(!canEncode())('is compared in the frames between, by every way', async () => {
    const films = [await writeMoving('film.y4m', 18)];
    const { context, lines } = recorded(true);
    await benchSlowMotion({ ...args, films, pictures: file('sheets') }, context);
    const events = lines()
      .split('\n')
      .filter((line) => line)
      .map((line) => JSON.parse(line));
    const row = events.find(({ type }) => type === 'row');
    expect(row).toMatchObject({ name: 'film', factor: 4, frames: 18 });
    expect(Object.keys(row.psnrDb)).toEqual(['weft', 'blend', 'minterpolate']);
    expect([9, 10, 11]).toContain(row.picture.frame);
    expect(row.picture.ways).toEqual(['truth', 'weft', 'blend', 'minterpolate']);
    expect(existsSync(file('sheets/film.png'))).toBe(true);
  });
});
