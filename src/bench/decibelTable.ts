import type { EncodeOptions } from '../../trainers/options.js';
import type { CommandContext } from '../commands/context.js';
import {
  type BenchEncoder,
  type BenchFilm,
  type FilmBenchArguments,
  mean,
  readBenchFilm,
  withEncoder,
} from './benchFilm.js';

/** Decibels by the title of their column. */
export type Decibels = Record<string, number>;

/** A row of a table: for people `name`, `figures` and `note`, for programs `fields`. */
export interface MeasuredRow {
  name: string;
  /** The same titles in every row. */
  figures: Decibels;
  note?: string;
  fields: Record<string, unknown>;
}

/** What the last row says of each column. */
const summaries = { mean, lowest: (values: number[]) => Math.min(...values) };

/** Measures one thing after the other, prints a row each, and last the mean or the lowest figure of every column. */
export async function tabulate<T>(
  things: readonly T[],
  measure: (thing: T, encode: BenchEncoder) => Promise<MeasuredRow>,
  { context, summary }: { context: CommandContext; summary: keyof typeof summaries },
): Promise<void> {
  const { reporter } = context;
  const rows: Decibels[] = [];
  await withEncoder(context, async (encode) => {
    for (const thing of things) {
      const { name, figures, note, fields } = await measure(thing, encode);
      rows.push(figures);
      reporter.event('row', { name, ...fields });
      reporter.table(rowText(name, figures, note));
    }
  });
  const titles = Object.keys(rows[0] ?? {});
  const columns = titles.map((title) => [title, summaries[summary](rows.map((row) => row[title]!))]);
  const last = Object.fromEntries(columns) as Decibels;
  reporter.result({ [summary]: last }, rowText(summary, last));
}

/** The same for films, read into memory one after the other; the last row is the mean. */
export function tabulateFilms(
  { films, frames, ...options }: FilmBenchArguments,
  measure: (film: BenchFilm, encode: BenchEncoder, options: Partial<EncodeOptions>) => Promise<MeasuredRow>,
  context: CommandContext,
): Promise<void> {
  const measureFile = async (file: string, encode: BenchEncoder) =>
    measure(await readBenchFilm(file, frames), encode, options);
  return tabulate(films, measureFile, { context, summary: 'mean' });
}

function rowText(name: string, figures: Decibels, note?: string): string {
  const columns = Object.entries(figures).map(([title, db]) => `${title} ${db.toFixed(2).padStart(5)}`);
  return `${name.padEnd(26)} ${columns.join('   ')} dB${note ? `   (${note})` : ''}`;
}
