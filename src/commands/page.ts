import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../../runtime/errors.js';
import { given } from '../given.js';
import { checkOutput, writeWhole } from '../media/outputFile.js';
import type { OptionTableOf } from '../optionTable.js';
import { LARGE_PAGE_BYTES, onePage, type PageParts, pageBytes } from '../watch/onePage.js';
import type { CommandContext } from './context.js';
import { PRESENTATION_OPTIONS, type PresentationOptions, presentedFilm } from './presentation.js';

/** Options of `weft page`. */
export interface PageOptions extends PresentationOptions {
  output?: string;
  title?: string;
  source?: string;
}

export const PAGE_OPTIONS: OptionTableOf<PageOptions> = {
  output: {
    ...{ flag: 'output', alias: 'o', type: { kind: 'text' }, fallbackDoc: '<in>.html' },
    doc: 'Page to write',
  },
  ...PRESENTATION_OPTIONS,
  title: {
    ...{ flag: 'title', type: { kind: 'text' }, fallbackDoc: 'the name of the file' },
    doc: 'Title of the page',
  },
  source: {
    ...{ flag: 'source', type: { kind: 'text' }, fallbackDoc: 'the film alone' },
    doc: 'Film to show beside it, for comparison: an mp4 or webm that browsers play',
  },
};

const TYPES: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.m4v': 'video/mp4',
  '.webm': 'video/webm',
};

/** A page with the player and the film in it. */
export async function runPage(
  { input, output, title, source, ...presentation }: PageOptions & { input: string },
  context: CommandContext,
): Promise<void> {
  const { attributes } = await presentedFilm(input, presentation);
  if (source !== undefined && ('retime' in attributes || 'freeze' in attributes)) throw otherTime(source);
  const name = path.parse(input).name;
  const page = output ?? path.join(path.dirname(input), `${name}.html`);
  await checkOutput(page, { overwrite: context.overwrite, input });
  const beside = source === undefined ? undefined : { file: source, type: typeOf(source) };
  const parts = { title: title ?? name, film: input, attributes, ...given({ source: beside }) };
  await writePage(page, parts, context);
}

/** Writes a page, and says how large it is. */
export async function writePage(
  output: string,
  parts: PageParts,
  { reporter }: Pick<CommandContext, 'reporter'>,
): Promise<void> {
  const bytes = Math.round(await pageBytes(parts));
  if (bytes > LARGE_PAGE_BYTES)
    reporter.note(
      `a page of ${(bytes / 1e6).toFixed(0)} MB takes browsers long to open: weft play, or a server, is better`,
    );
  await writeWhole(output, (part) => pipeline(Readable.from(onePage(parts)), createWriteStream(part)));
  reporter.result({ output, bytes }, `${output}: open it in a browser`);
}

function otherTime(source: string): UsageError {
  return new UsageError(`${source} would not be at the time of a film that is retimed.`, {
    code: 'SOURCE_RETIMED',
    hint: 'Leave out --source, or --retime and --freeze.',
    path: '--source',
    value: source,
  });
}

function typeOf(file: string): string {
  const type = TYPES[path.extname(file).toLowerCase()];
  if (type) return type;
  throw new UsageError(`Browsers do not play ${file}.`, {
    code: 'SOURCE_TYPE',
    hint: 'Give an mp4 or webm: ffmpeg -i FILM -c:v libx264 -crf 12 -an source.mp4',
    path: '--source',
    value: file,
  });
}
