import type { Chroma, FilmInfo } from '../../runtime/picture/picture.js';

/** How the pictures of a source become 8-bit 4:2:0 or 4:4:4. */
export interface PixelPlan {
  chroma: Chroma;
  /** True where the samples pass through untouched. */
  untouched: boolean;
  /** True for RGB, whose samples are converted with the matrix of BT.709. */
  fromRgb: boolean;
  lumaRange: FilmInfo['lumaRange'];
  /** What is lost, for the log. */
  losses: string[];
}

const untouchedFormats: Record<string, Chroma> = {
  yuv420p: '420',
  yuvj420p: '420',
  yuv444p: '444',
  yuvj444p: '444',
};

function isRgb(format: string): boolean {
  return /^(rgb|bgr|gbr|argb|abgr|0rgb|0bgr|rgba|bgra|pal8|x2rgb|x2bgr|bayer)/.test(format);
}

function isGray(format: string): boolean {
  return /^(gray|ya|mono)/.test(format);
}

function is420(format: string): boolean {
  return /^(yuva?j?420|nv12|nv21|p01\d|p016)/.test(format);
}

function losses(format: string): string[] {
  const lost: string[] = [];
  if (/(9|10|12|14|16|32|48|64)(le|be)?$/.test(format) && !/(nv12|rgb32|bgr32)$/.test(format)) {
    lost.push(`${format}: samples are rounded to 8 bits`);
  }
  if (/^(yuva|rgba|bgra|argb|abgr|gbra|ya)/.test(format)) lost.push(`${format}: transparency is dropped`);
  if (isRgb(format)) lost.push(`${format}: converted to Y'CbCr (BT.709, limited range)`);
  return lost;
}

/**
 * Chooses the chroma and range that an ffmpeg pixel format is read as.
 *
 * 4:2:0 stays 4:2:0, gray becomes 4:2:0 with neutral chroma, everything else becomes 4:4:4, which loses nothing.
 */
export function planPixels(format: string, taggedRange: string | undefined): PixelPlan {
  const untouched = untouchedFormats[format];
  const fromRgb = isRgb(format);
  const gray = isGray(format);
  const full = format.startsWith('yuvj') || taggedRange === 'pc' || (gray && taggedRange !== 'tv');
  return {
    chroma: untouched ?? (gray || is420(format) ? '420' : '444'),
    untouched: untouched !== undefined,
    fromRgb,
    lumaRange: !fromRgb && full ? 'pc' : 'tv',
    losses: losses(format),
  };
}

/** The scale filter that resizes or converts and leaves the range alone; undefined where nothing is to be done. */
export function scaleFilter(
  plan: PixelPlan,
  size: { width: number; height: number } | undefined,
): string | undefined {
  if (plan.untouched && !size) return undefined;
  const range = plan.lumaRange;
  const options = [
    ...(size ? [`w=${size.width}`, `h=${size.height}`] : []),
    'flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp',
    'sws_dither=none',
    ...(plan.fromRgb ? ['out_color_matrix=bt709'] : [`in_range=${range}`]),
    `out_range=${range}`,
  ];
  return `scale=${options.join(':')},format=${plan.chroma === '444' ? formats444(range) : formats420(range)}`;
}

/** In ffmpeg up to 7 the full range of planar formats is part of their name. */
function formats420(range: string): string {
  return range === 'pc' ? 'yuvj420p' : 'yuv420p';
}

function formats444(range: string): string {
  return range === 'pc' ? 'yuvj444p' : 'yuv444p';
}
