/** A player and a film as one HTML file, which works from a disk without a network. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { escaped, PAGE_STYLE, pageHead, playerElement } from './pageParts.js';
import { playerBundle } from './playerBundle.js';

/** What goes into a page. */
export interface PageParts {
  readonly title: string;
  /** A .weft file. */
  readonly film: string;
  /** Of the player, besides those that it has in any case. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** A file that browsers play, shown beside the film: what it was made from. */
  readonly source?: { readonly file: string; readonly type: string };
  /** Lines under the pictures. */
  readonly filmCaption?: string;
  readonly sourceCaption?: string;
}

/** A page beyond this takes browsers long to open. */
export const LARGE_PAGE_BYTES = 64e6;

/** Bytes in one element: more than some browsers take as one text. A multiple of 3, so that pieces of base64 join. */
const PIECE_BYTES = 6 * 2 ** 20;

const PAGE_SCRIPT = `
/** Bytes of the pieces of that kind, which are then removed. */
const bytesOf = (kind) => {
  const pieces = [...document.querySelectorAll('script[data-piece="' + kind + '"]')];
  return pieces.map((piece) => {
    const text = piece.textContent.trim();
    piece.remove();
    return Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  });
};
const player = document.querySelector('weft-player');
player.srcObject = new Blob(bytesOf('film'));
player.focus();
const source = document.querySelector('video');
if (source) {
  source.src = URL.createObjectURL(new Blob(bytesOf('source'), { type: source.dataset.type }));
  source.muted = true;
  const follow = () => {
    source.playbackRate = Math.min(16, Math.max(0.0625, player.playbackRate));
    if (Math.abs(source.currentTime - player.currentTime) > 0.1 || player.paused) source.currentTime = player.currentTime;
    if (player.paused || player.playbackRate < 0.0625) source.pause();
    else source.play().catch(() => {});
  };
  for (const event of ['play', 'pause', 'seeked', 'ratechange', 'timeupdate', 'ended']) player.addEventListener(event, follow);
  /** The source is enlarged as the browser does it, to the part that the player shows. */
  const frame = source.parentElement;
  const place = () => {
    const crop = player.view;
    const { videoWidth: width, videoHeight: height } = player;
    if (!crop || !width) return;
    const fit = Math.min(frame.clientWidth / crop.width, frame.clientHeight / crop.height);
    const left = (frame.clientWidth - crop.width * fit) / 2 - crop.x * fit;
    const top = (frame.clientHeight - crop.height * fit) / 2 - crop.y * fit;
    Object.assign(source.style, { width: width * fit + 'px', height: height * fit + 'px', left: left + 'px', top: top + 'px' });
    frame.style.setProperty('--shown', crop.width * fit + 'px ' + crop.height * fit + 'px');
  };
  for (const event of ['loadedmetadata', 'viewchange']) player.addEventListener(event, place);
  new ResizeObserver(place).observe(frame);
}
`;

const SOURCE_STYLE = `
.source { flex: 1; min-height: 0; position: relative; overflow: hidden; background: #000; }
.source video { position: absolute; object-fit: fill; }
`;

/**
 * The page, piece by piece; the film is never whole in memory.
 *
 * @throws WeftError PLAYER_MISSING; what reading the files throws
 */
export async function* onePage(parts: PageParts): AsyncGenerator<string, void, undefined> {
  const { title, film, attributes, source, filmCaption, sourceCaption } = parts;
  const player = await playerBundle();
  yield pageHead(title, `<style>${PAGE_STYLE}${SOURCE_STYLE}</style>\n`);
  yield `<main>\n<figure>${playerElement(title, 'controls', attributes)}${captionOf(filmCaption)}</figure>\n`;
  if (source)
    yield `<figure><div class="source"><video playsinline muted data-type="${escaped(source.type)}"></video></div>${captionOf(sourceCaption)}</figure>\n`;
  yield '</main>\n';
  yield* pieces('film', film);
  if (source) yield* pieces('source', source.file);
  // What ends an element may not stand in one.
  yield `<script type="module">${player.replaceAll('</script', '<\\/script')}</script>\n`;
  yield `<script type="module">${PAGE_SCRIPT}</script>\n`;
}

/** Bytes of a page whose files are that large, roughly. */
export async function pageBytes({ film, source }: PageParts): Promise<number> {
  const files = [film, ...(source ? [source.file] : [])];
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return (sizes.reduce((sum, size) => sum + size, 0) * 4) / 3;
}

function captionOf(text?: string): string {
  return text ? `<figcaption>${escaped(text)}</figcaption>` : '';
}

async function* pieces(kind: string, file: string): AsyncGenerator<string, void, undefined> {
  let held: Buffer = Buffer.alloc(0);
  const piece = (bytes: Buffer) =>
    `<script type="application/octet-stream" data-piece="${kind}">${bytes.toString('base64')}</script>\n`;
  for await (const chunk of createReadStream(file)) {
    held = Buffer.concat([held, chunk as Buffer]);
    for (; held.length >= PIECE_BYTES; held = held.subarray(PIECE_BYTES))
      yield piece(held.subarray(0, PIECE_BYTES));
  }
  if (held.length > 0) yield piece(held);
}
