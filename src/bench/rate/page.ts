/** The results of the bench as one HTML page that needs no other file. */
import { machineText } from '../machine.js';
import { type CurveComparison, comparedMeasures, type MeanComparison, type Measure } from './curves.js';
import { differenceText, meanText, measureTitles, pointCells, pointTitles } from './figureText.js';
import { escaped } from './markup.js';
import { ratePlot } from './plot.js';
import type { FilmResult, RateResults } from './results.js';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 0.5rem 0 1.5rem; }
th, td { padding: 0.2rem 0.6rem; text-align: right; border-bottom: 1px solid #8884; white-space: nowrap; }
th { font-weight: 600; }
th.name, td.name { text-align: left; }
dl { display: grid; grid-template-columns: max-content auto; gap: 0 1rem; }
dd { margin: 0; }
main svg { max-width: 100%; height: auto; }
main .rd text { fill: currentColor; }
div.wide { overflow-x: auto; }
`;

/** The whole page. */
export function ratePage(results: RateResults): string {
  const { films, means } = results;
  return [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8"/>',
    '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
    `<title>weft: rate and distortion</title><style>${STYLE}</style></head><body><main>`,
    '<h1>Rate and distortion</h1>',
    facts(results),
    ...(results.notes.length > 0 ? [notes(results.notes)] : []),
    ...[...new Set(films.flatMap(({ set }) => set ?? [])), undefined].flatMap((set) =>
      meanSection(results, means, set),
    ),
    '<h2>BD-rate by film</h2>',
    comparisonTable(
      results,
      films.map(({ name, comparisons }) => ({ name, rows: comparisons, text: filmCell })),
    ),
    '<h2>Films</h2>',
    ...films.map(filmSection),
    '</main></body></html>\n',
  ].join('\n');
}

/** Means over one set, or over all films. */
function meanSection(
  results: RateResults,
  means: readonly MeanComparison[],
  set: string | undefined,
): string[] {
  const count = results.films.filter((film) => set === undefined || film.set === set).length;
  const over = `${count} ${count === 1 ? 'film' : 'films'}${set === undefined ? '' : ` of ${escaped(set)}`}`;
  const rows = means.filter((row) => row.set === set);
  return [`<h2>BD-rate, mean of ${over}</h2>`, comparisonTable(results, [{ rows, text: meanCell }])];
}

function facts({ machine, weft, ffmpeg, presets, tunes, threads, anchors }: RateResults): string {
  const rows = [
    ['Date', machine.date],
    ['Machine', machineText(machine)],
    [
      'weft',
      `${weft}, preset ${presets.join(', ')}, tune ${tunes.join(', ')}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    ],
    ['ffmpeg', ffmpeg],
    ['Anchors', anchors.join(', ') || 'none'],
    ['Rate', 'bytes of the whole .weft file, of the bare video stream of the others, of a whole .webp file'],
    ['PSNR', 'of the mean squared error of the whole film, decoded; yuv is (6 Y + U + V) / 8'],
    ['SSIM', 'of luma, mean over the frames; BD-rates at equal −10 log10(1 − SSIM)'],
    ['BD-rate', 'mean difference of bytes at equal quality: −10% needs a tenth fewer than the anchor'],
  ];
  const items = rows.map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value!)}</dd>`);
  return `<dl>${items.join('\n')}</dl>`;
}

function notes(lines: readonly string[]): string {
  return `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('\n')}</ul>`;
}

/** Rows of a table of BD-rates that belong together. */
interface Group<Row> {
  /** The film; missing where there is a single group. */
  name?: string;
  rows: readonly Row[];
  text(row: Row, measure: Measure): string;
}

function meanCell(row: MeanComparison, measure: Measure): string {
  return meanText(row[measure]);
}

function filmCell(row: CurveComparison, measure: Measure): string {
  return differenceText(row[measure]);
}

/** A row for each codec, columns for each anchor and measure. */
function comparisonTable<Row extends { codec: string; anchor: string }>(
  { anchors, measures }: RateResults,
  groups: readonly Group<Row>[],
): string {
  const named = groups.some(({ name }) => name !== undefined);
  const measuresOf = (anchor: string) => measures.filter((each) => comparedMeasures(anchor).includes(each));
  const titles = anchors.flatMap((anchor) =>
    measuresOf(anchor).map((measure) => `${anchor}, ${measureTitles[measure]}`),
  );
  const rows = groups.flatMap((group) => {
    const codecs = [...new Set(group.rows.map(({ codec }) => codec))];
    return codecs.map((codec) => {
      const cells = anchors.flatMap((anchor) => {
        const row = group.rows.find((each) => each.codec === codec && each.anchor === anchor);
        return measuresOf(anchor).map((measure) => (row ? group.text(row, measure) : ''));
      });
      return [...(named ? [group.name ?? ''] : []), codec, ...cells];
    });
  });
  return table([...(named ? ['film'] : []), 'codec', ...titles], rows, named ? 2 : 1);
}

function filmSection(film: FilmResult): string {
  const rows = film.curves.flatMap((curve) => curve.points.map((point) => pointCells(film, curve, point)));
  return [`<h3>${escaped(film.name)}</h3>`, ratePlot(film), table(pointTitles, rows, 2)].join('\n');
}

/** @param names columns from the left that hold words, not figures */
function table(titles: readonly string[], rows: readonly (readonly string[])[], names: number): string {
  const row = (cells: readonly string[], tag: 'th' | 'td') => {
    const columns = cells.map((cell, index) => {
      const style = index < names ? ' class="name"' : '';
      return `<${tag}${style}>${escaped(cell)}</${tag}>`;
    });
    return `<tr>${columns.join('')}</tr>`;
  };
  const body = rows.map((cells) => row(cells, 'td')).join('\n');
  return `<div class="wide"><table><thead>${row(titles, 'th')}</thead>\n<tbody>${body}</tbody></table></div>`;
}
