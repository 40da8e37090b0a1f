/** Spans of time, as media elements tell them. */

import { UsageError } from '../errors.js';

/** Beginning and end in seconds. */
export type Span = readonly [start: number, end: number];

/** Gaps shorter than this are none, in seconds: rounding leaves them between segments. */
const NO_GAP_SECONDS = 1e-3;

/** What `buffered`, `seekable` and `played` give: the `TimeRanges` of HTML, which scripts cannot make. */
export class TimeSpans {
  readonly #spans: readonly Span[];

  /** @param spans in any order; those that touch are joined */
  constructor(spans: readonly Span[] = []) {
    this.#spans = joined(spans);
  }

  get length(): number {
    return this.#spans.length;
  }

  /** @throws UsageError `INDEX_SIZE` */
  start(index: number): number {
    return this.#at(index)[0];
  }

  /** @throws UsageError `INDEX_SIZE` */
  end(index: number): number {
    return this.#at(index)[1];
  }

  /** Whether an instant is in one of them. */
  includes(seconds: number): boolean {
    return this.#spans.some(([start, end]) => start <= seconds && seconds <= end);
  }

  /** With one more. */
  with(span: Span): TimeSpans {
    return new TimeSpans([...this.#spans, span]);
  }

  #at(index: number): Span {
    const span = this.#spans[index];
    if (span) return span;
    throw new UsageError(`There is no span ${index}.`, {
      code: 'INDEX_SIZE',
      hint: `There are ${this.#spans.length}.`,
      path: 'index',
      value: index,
    });
  }
}

function joined(spans: readonly Span[]): Span[] {
  const out: [number, number][] = [];
  for (const [start, end] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last && start <= last[1] + NO_GAP_SECONDS) last[1] = Math.max(last[1], end);
    else if (end > start) out.push([start, end]);
  }
  return out;
}
