import os from 'node:os';
import { MediaError } from '../../../runtime/errors.js';
import type { FilmSource } from '../../../trainers/encodeJob.js';
import { weftVersion } from '../../../trainers/version.js';
import type { CommandContext } from '../../commands/context.js';
import { given } from '../../given.js';
import { type Interrupts, listenForInterrupts } from '../../interrupts.js';
import { type Anchor, anchorNamed } from '../../measure/anchors.js';
import { vmafMissing } from '../../measure/vmaf.js';
import { findFfmpeg } from '../../media/ffmpeg.js';
import { type FfmpegBuild, ffmpegBuild } from '../../media/ffmpegBuild.js';
import { reportMachine, thisMachine } from '../machine.js';
import { anchorCodec, type BenchCodec, weftCodec } from './codec.js';
import { type Curve, type CurvePoint, compareCurves, isOfWeft, meanComparisons, measures } from './curves.js';
import { comparisonText, filmText, pointText } from './figureText.js';
import { filmDigest } from './filmDigest.js';
import { readFilmSet } from './filmSets.js';
import { checkFilms, chosenFilms, type FilmChoice, withFilm } from './films.js';
import type { RateDistortionArguments } from './options.js';
import { PointCache } from './pointCache.js';
import { PointMeter } from './pointMeter.js';
import type { RatePointFigures } from './ratePoint.js';
import type { FilmResult, RateResults } from './results.js';

/**
 * Encodes, decodes and measures; prints each figure as soon as it is there.
 *
 * @throws UsageError ANCHOR_UNKNOWN, FILM_SET; MediaError SAMPLE_MISSING, CACHE_FOLDER; InterruptedError
 */
export async function measureRateDistortion(
  args: RateDistortionArguments,
  context: CommandContext,
): Promise<RateResults> {
  const interrupts = listenForInterrupts();
  try {
    return await new RateLaboratory(args, context, interrupts).run();
  } finally {
    interrupts.dispose();
  }
}

/** What the films of a run share. */
interface Equipment {
  build: FfmpegBuild;
  codecs: BenchCodec[];
  meter: PointMeter;
  withVmaf: boolean;
}

/** One run of the bench. */
class RateLaboratory {
  readonly #notes: string[] = [];
  readonly #threads: number;
  readonly #args: RateDistortionArguments;
  readonly #context: CommandContext;
  readonly #interrupts: Interrupts;

  constructor(args: RateDistortionArguments, context: CommandContext, interrupts: Interrupts) {
    this.#args = args;
    this.#context = context;
    this.#interrupts = interrupts;
    this.#threads = args.threads ?? os.availableParallelism();
  }

  async run(): Promise<RateResults> {
    const args = this.#args;
    const context = this.#context;
    const threads = this.#threads;
    const notes = this.#notes;
    const reading = given({ frames: args.frames, ffmpeg: context.ffmpeg });
    const sets = await Promise.all(args.sets.map(readFilmSet));
    const choices = chosenFilms(args.films, sets, args.size);
    await checkFilms(choices, reading);
    reportMachine(context.reporter);
    const { build, codecs, meter, withVmaf } = await this.#equip();
    const films: FilmResult[] = [];
    for (const choice of choices) {
      const measure = (film: FilmSource) => this.#measureFilm(choice, film, codecs, meter);
      films.push(await withFilm(choice, reading, this.#interrupts.signal, measure));
    }
    const names = codecs.map(({ name }) => name);
    return {
      ...{ machine: thisMachine(), weft: weftVersion(), ffmpeg: build.version },
      ...{
        presets: args.presets,
        tunes: args.tunes,
        threads,
        anchors: args.anchors.filter((name) => names.includes(name)),
      },
      measures: measures.filter((measure) => measure !== 'vmaf' || withVmaf),
      ...{ notes, films, means: meanComparisons(films) },
      ...meter.counts,
    };
  }

  async #equip(): Promise<Equipment> {
    const args = this.#args;
    const context = this.#context;
    const interrupts = this.#interrupts;
    const anchors = args.anchors.map(anchorNamed);
    const cache = await PointCache.open(args.cache);
    const tools = findFfmpeg(context.ffmpeg);
    const build = await ffmpegBuild(tools);
    const noVmaf = await vmafMissing(tools, build);
    if (noVmaf) this.#note(`VMAF is not measured: ${noVmaf}`);
    const meter = new PointMeter({
      ...{ cache, vmafTools: noVmaf ? undefined : tools, signal: interrupts.signal },
      note: (line) => this.#note(line),
    });
    const codecs = await this.#weftCodecs();
    for (const anchor of this.#available(anchors, build))
      codecs.push(anchorCodec(anchor, build, context, interrupts));
    return { build, codecs, meter, withVmaf: noVmaf === undefined };
  }

  #weftCodecs(): Promise<BenchCodec[]> {
    const threads = this.#threads;
    const context = this.#context;
    const interrupts = this.#interrupts;
    const { presets, tunes, crfs } = this.#args;
    const wanted = presets.flatMap((preset) => tunes.map((tune) => ({ preset, tune, crfs, threads })));
    return Promise.all(wanted.map((each) => weftCodec(each, context, interrupts)));
  }

  #available(anchors: readonly Anchor[], { encoders, version }: FfmpegBuild): Anchor[] {
    return anchors.filter(({ name, encoder }) => {
      if (encoders.has(encoder)) return true;
      this.#note(`${name} is left out: ffmpeg ${version} has no encoder ${encoder}`);
      return false;
    });
  }

  #note(text: string): void {
    const line = text.replaceAll('\n', '; ');
    this.#notes.push(line);
    this.#context.reporter.note(line);
  }

  async #measureFilm(
    { name, set }: FilmChoice,
    film: FilmSource,
    codecs: readonly BenchCodec[],
    meter: PointMeter,
  ): Promise<FilmResult> {
    const digest = await filmDigest(film, this.#interrupts.signal);
    const result: FilmResult = {
      name,
      ...given({ set }),
      info: film.info,
      frames: 0,
      curves: [],
      comparisons: [],
    };
    for (const codec of codecs) {
      const refusal = codec.refusal(film.info);
      if (refusal) this.#note(`${name}: ${codec.name} is left out: ${refusal}`);
      else await this.#addCurve(result, codec, (setting) => meter.figures(film, digest, codec, setting));
    }
    result.comparisons = compareCurves(result.curves, this.#args.anchors);
    this.#reportFilm(result);
    return result;
  }

  /** An anchor that fails on a film, by its size for example, is left out there; weft has to take every film. */
  async #addCurve(
    result: FilmResult,
    { name, setting, settings }: BenchCodec,
    measure: (setting: number) => Promise<RatePointFigures>,
  ): Promise<void> {
    const curve: Curve = { codec: name, setting, points: [] };
    try {
      for (const value of settings) {
        const point = { setting: value, ...(await measure(value)) };
        curve.points.push(point);
        result.frames = point.frames;
        this.#reportPoint(result, curve, point);
      }
    } catch (error) {
      const refused = error instanceof MediaError && error.code === 'FFMPEG_FAILED' && !isOfWeft(curve);
      if (!refused) throw error;
      this.#note(`${result.name}: ${name} is left out: ${error.message}`);
      return;
    }
    result.curves.push(curve);
  }

  #reportPoint(film: FilmResult, curve: Curve, point: CurvePoint): void {
    const { reporter } = this.#context;
    const { name, curves } = film;
    reporter.event('point', { name, codec: curve.codec, [curve.setting]: point.setting, ...point });
    const first = curves.length === 0 && curve.points.length === 1;
    if (first) reporter.table(`${name}, ${filmText(film)}`);
    reporter.table(pointText(film, curve, point));
  }

  #reportFilm({ name, comparisons }: FilmResult): void {
    const { reporter } = this.#context;
    reporter.event('film', { name, comparisons });
    for (const row of comparisons.filter(isOfWeft)) reporter.table(`  ${comparisonText(row)}`);
  }
}
