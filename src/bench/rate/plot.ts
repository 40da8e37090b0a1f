/** Rate against distortion as an SVG drawing. */
import type { Curve, CurvePoint } from './curves.js';
import { filmText } from './figureText.js';
import { escaped } from './markup.js';
import { type FilmResult, pointRates } from './results.js';

const WIDTH = 760;
const HEIGHT = 440;
/** Where the curves are drawn; the legend stands to the right of it. */
const AREA = { left: 56, top: 40, right: 590, bottom: 390 };

/** Lightness between black and white, so that each colour shows on a light and on a dark page. */
const COLOURS = ['#3b82f6', '#e08214', '#2ca25f', '#e0524d', '#9467bd', '#a6761d', '#e377c2', '#17a2b8'];

/** Shapes of points around (0, 0), so that colour alone does not have to tell curves apart. */
const MARKERS = [
  '<circle r="4.5"/>',
  '<rect x="-4" y="-4" width="8" height="8"/>',
  '<path d="M0-5.5 5.5 0 0 5.5-5.5 0z"/>',
  '<path d="M0-5 5 4H-5z"/>',
  '<path d="M0 5 5-4H-5z"/>',
];

/** A gray that reads on white and on black: a drawing does not know the page that it is put on. */
const STYLE =
  '.rd text{fill:#7a7a7a;font:12px system-ui,sans-serif}.rd .title{font-size:14px;font-weight:600}' +
  '.rd .grid{stroke:#888;stroke-opacity:.3}.rd .curve{fill:none;stroke-width:2}';

/** First digits of the marks on a logarithmic axis: the first set that leaves three of them. */
const DIGITS = [/^1/, /^[125]/, /^[12357]/, /^./];

/** A line of the drawing in its coordinates. */
interface Drawn {
  codec: string;
  colour: string;
  marker: string;
  points: { x: number; y: number; label: string }[];
}

/** A mark on an axis: its value and where it lies, in px. */
interface Tick {
  text: string;
  at: number;
}

/** All curves of a film: kbit/s (bytes for a single frame) on a logarithmic axis, PSNR yuv in dB upwards. */
export function ratePlot(film: FilmResult): string {
  const points = film.curves.flatMap((curve) => curve.points);
  const rate = (point: CurvePoint) => pointRates(film.info, point).kilobitsPerSecond ?? point.bytes;
  const x = logarithmicScale(points.map(rate));
  const y = linearScale(points.map((point) => point.psnrDb.yuv));
  const unit = film.frames > 1 ? 'kbit/s' : 'bytes';
  const curves = film.curves.map((curve, index) => ({
    ...{ codec: curve.codec, colour: COLOURS[index % COLOURS.length]! },
    marker: MARKERS[index % MARKERS.length]!,
    points: byRate(curve).map((point) => ({
      ...{ x: x.place(rate(point)), y: y.place(point.psnrDb.yuv) },
      label: pointLabel(curve, point),
    })),
  }));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="rd" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="${AREA.left}" y="24">${escaped(`${film.name}: ${filmText(film)}`)}</text>`,
    ...x.ticks.map(verticalLine),
    ...y.ticks.map(horizontalLine),
    axisTitles(unit),
    ...curves.map(drawCurve),
    ...curves.map(legendEntry),
    '</svg>\n',
  ].join('\n');
}

function byRate({ points }: Curve): CurvePoint[] {
  return [...points].sort((a, b) => a.bytes - b.bytes);
}

function pointLabel({ codec, setting }: Curve, point: CurvePoint): string {
  return `${codec} ${setting} ${point.setting}: ${point.bytes} bytes, ${point.psnrDb.yuv.toFixed(2)} dB`;
}

interface Scale {
  place(value: number): number;
  ticks: Tick[];
}

function logarithmicScale(values: readonly number[]): Scale {
  const low = Math.log(Math.min(...values) / 1.1);
  const high = Math.log(Math.max(...values) * 1.1);
  const place = (value: number) =>
    AREA.left + ((Math.log(value) - low) / (high - low)) * (AREA.right - AREA.left);
  const within = decades(low, high).filter((value) => Math.log(value) >= low && Math.log(value) <= high);
  const sets = DIGITS.map((digits) => within.filter((value) => digits.test(value.toExponential())));
  const shown = sets.find((set) => set.length >= 3) ?? within;
  return { place, ticks: shown.map((value) => ({ text: amountText(value), at: place(value) })) };
}

/** 1 to 9 times every power of ten between two logarithms. */
function decades(low: number, high: number): number[] {
  const values: number[] = [];
  for (let power = Math.floor(low / Math.LN10); power <= high / Math.LN10; power++)
    for (let digit = 1; digit <= 9; digit++) values.push(digit * 10 ** power);
  return values;
}

function amountText(value: number): string {
  return value >= 1000 ? `${Number((value / 1000).toPrecision(3))}k` : String(Number(value.toPrecision(3)));
}

function linearScale(values: readonly number[]): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const margin = Math.max(0.05 * (most - least), 0.1);
  const [low, high] = [least - margin, most + margin];
  const place = (value: number) => AREA.bottom - ((value - low) / (high - low)) * (AREA.bottom - AREA.top);
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10].find((each) => (high - low) / each <= 9) ?? 20;
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  const ticks = Array.from({ length: count }, (_, index) => step * (first + index));
  return {
    place,
    ticks: ticks.map((value) => ({ text: value.toFixed(step < 1 ? 1 : 0), at: place(value) })),
  };
}

function verticalLine({ text, at }: Tick): string {
  const x = at.toFixed(1);
  return (
    `<line class="grid" x1="${x}" x2="${x}" y1="${AREA.top}" y2="${AREA.bottom}"/>` +
    `<text x="${x}" y="${AREA.bottom + 18}" text-anchor="middle">${text}</text>`
  );
}

function horizontalLine({ text, at }: Tick): string {
  const y = at.toFixed(1);
  return (
    `<line class="grid" x1="${AREA.left}" x2="${AREA.right}" y1="${y}" y2="${y}"/>` +
    `<text x="${AREA.left - 8}" y="${(at + 4).toFixed(1)}" text-anchor="end">${text}</text>`
  );
}

function axisTitles(unit: string): string {
  const middle = { x: (AREA.left + AREA.right) / 2, y: (AREA.top + AREA.bottom) / 2 };
  return (
    `<text x="${middle.x}" y="${HEIGHT - 12}" text-anchor="middle">${unit}</text>` +
    `<text transform="translate(16 ${middle.y}) rotate(-90)" text-anchor="middle">PSNR yuv, dB</text>`
  );
}

function drawCurve({ colour, marker, points }: Drawn): string {
  const path = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  const marks = points.map(
    ({ x, y, label }) =>
      `<g transform="translate(${x.toFixed(1)} ${y.toFixed(1)})">${marker}<title>${escaped(label)}</title></g>`,
  );
  return `<polyline class="curve" stroke="${colour}" points="${path}"/><g fill="${colour}">${marks.join('')}</g>`;
}

function legendEntry({ codec, colour, marker }: Drawn, index: number): string {
  const y = AREA.top + 12 + 22 * index;
  return (
    `<g transform="translate(${AREA.right + 20} ${y})" fill="${colour}">${marker}</g>` +
    `<text x="${AREA.right + 34}" y="${y + 4}">${escaped(codec)}</text>`
  );
}
