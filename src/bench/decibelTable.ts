import path from 'node:path';
import type { EncodeOptions } from '../../trainers/options.js';
import type { CommandContext } from '../commands/context.js';
import {
  type BenchEncoder,
  type BenchFilm,
  type ComparedWays,
  mean,
  readBenchFilm,
  type WaysBenchArguments,
  withEncoder,
} from './benchFilm.js';
import { prepareSheets, writeSheet } from './sheetFiles.js';

/** Decibels by the title of their column. */
export type Decibels = Record<string, number>;

/** A row of a table: for people `name`, `figures` and `note`, for programs `fields`. */
export interface MeasuredRow {
  name: string;
  /** The same titles in every row. */
  figures: Decibels;
  note?: string;
  fields: Record<string, unknown>;
  /** What a sheet can show. */
  compared?: ComparedWays;
}

/** How a table is made. */
export interface TableOptions {
  context: CommandContext;
  summary: keyof typeof summaries;
  /** Files for a sheet of each thing that compares ways, in their order; see `prepareSheets`. */
  sheets?: readonly string[] | undefined;
}

/** What the last row says of each column. */
const summaries = { mean, lowest: (values: number[]) => Math.min(...values) };

/**
 * Measures one thing after the other, writes its sheet if there is a file for it, prints a row each, and last the mean or the
 * lowest figure of every column.
 */
export async function tabulate<T>(
  things: readonly T[],
  measure: (thing: T, encode: BenchEncoder) => Promise<MeasuredRow>,
  { context, summary, sheets = [] }: TableOptions,
): Promise<void> {
  const { reporter } = context;
  const rows: Decibels[] = [];
  await withEncoder(context, async (encode) => {
    for (const [index, thing] of things.entries()) {
      const { name, figures, note, fields, compared } = await measure(thing, encode);
      const sheet = sheets[index];
      const shown = sheet && compared ? await writeSheet(sheet, compared, context) : undefined;
      rows.push(figures);
      reporter.event('row', { name, ...fields, ...(shown && { picture: shown.picture }) });
      const notes = [note, shown?.note].filter((text) => text);
      reporter.table(rowText(name, figures, notes.join(', ')));
    }
  });
  const titles = Object.keys(rows[0] ?? {});
  const columns = titles.map((title) => [title, summaries[summary](rows.map((row) => row[title]!))]);
  const last = Object.fromEntries(columns) as Decibels;
  reporter.result({ [summary]: last }, rowText(summary, last));
}

/**
 * The same for films, read into memory one after the other; the last row is the mean.
 *
 * @throws as prepareSheets, before the work
 */
export async function tabulateFilms(
  { films, frames, pictures, ...options }: WaysBenchArguments,
  measure: (film: BenchFilm, encode: BenchEncoder, options: Partial<EncodeOptions>) => Promise<MeasuredRow>,
  context: CommandContext,
): Promise<void> {
  const measureFile = async (file: string, encode: BenchEncoder) =>
    measure(await readBenchFilm(file, frames), encode, options);
  const names = films.map((file) => path.parse(file).name);
  const sheets =
    pictures === undefined
      ? undefined
      : await prepareSheets(pictures, names, { overwrite: context.overwrite, inputs: films });
  await tabulate(films, measureFile, { context, summary: 'mean', sheets });
}

function rowText(name: string, figures: Decibels, note?: string): string {
  const columns = Object.entries(figures).map(([title, db]) => `${title} ${db.toFixed(2).padStart(5)}`);
  return `${name.padEnd(26)} ${columns.join('   ')} dB${note ? `   (${note})` : ''}`;
}
