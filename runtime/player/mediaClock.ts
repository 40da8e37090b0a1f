/** What time it is in the film: by its sound where it has any, else by the clock of the machine. */

/** Sound that is this far from what was expected has jumped, in seconds at speed 1. */
const JUMP_SECONDS = 0.1;

/** Share of a smaller error that is made good with every reading: sound tells its time coarsely, pictures move evenly. */
const CORRECTION = 0.1;

/** Pictures run on this long without news of the sound, in milliseconds. */
const PATIENCE_MS = 250;

/** Sound that has not begun by then is not waited for, in milliseconds. */
const START_PATIENCE_MS = 1000;

/** Sound that has begun to move may stop again for a tenth of a second; after this many milliseconds it runs evenly. */
const SETTLING_MS = 250;

/** A reading of the sound's time, and when it was news. */
interface SoundNews {
  seconds: number;
  atMs: number;
  /** When it moved for the first time since the clock started. */
  begunMs: number | undefined;
}

/**
 * The time of a film that is played. Between two readings of the sound it runs on by the clock of the machine, and it never
 * steps back but by `seek`; the sound is never touched.
 */
export class MediaClock {
  readonly #nowMs: () => number;
  #running = false;
  #rate = 1;
  /** The film was at `#anchorSeconds` when the machine's clock was at `#anchorMs`. */
  #anchorSeconds = 0;
  #anchorMs = 0;
  /** The latest time that was told. */
  #told = 0;
  #sound: SoundNews | undefined;

  /** @param nowMs the clock of the machine, in milliseconds */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Seconds shown per second; 0 stands still. */
  get rate(): number {
    return this.#rate;
  }

  set rate(rate: number) {
    this.#anchor(this.time);
    this.#rate = rate;
  }

  /** Seconds shown. */
  get time(): number {
    if (this.#running) this.#told = Math.max(this.#told, this.#expected());
    return this.#told;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#sound = undefined;
    this.#anchor(this.#told);
  }

  stop(): void {
    this.#anchor(this.time);
    this.#running = false;
  }

  /** The only way back. */
  seek(seconds: number): void {
    this.#told = seconds;
    this.#sound = undefined;
    this.#anchor(seconds);
  }

  /** From now on sound is the master: until its first movement the film stands. */
  awaitSound(seconds: number): void {
    this.#anchor(this.time);
    this.#sound = { seconds, atMs: this.#nowMs(), begunMs: undefined };
  }

  /** Sound is no longer the master: there is none, or it has ended. */
  forgetSound(): void {
    if (!this.#sound) return;
    this.#anchor(this.time);
    this.#sound = undefined;
  }

  /** What time the sound tells; asked at every refresh, in seconds. */
  hear(seconds: number): void {
    const { time } = this;
    this.#sound ??= { seconds: Number.NaN, atMs: 0, begunMs: Number.NEGATIVE_INFINITY };
    if (seconds === this.#sound.seconds || !this.#running) return;
    const error = seconds - this.#expected();
    const jumped = !isEven(this.#sound) || Math.abs(error) > JUMP_SECONDS * Math.max(1, this.#rate);
    this.#anchor(jumped ? seconds : this.#expected() + CORRECTION * error);
    this.#sound = { seconds, atMs: this.#anchorMs, begunMs: this.#sound.begunMs ?? this.#anchorMs };
    this.#told = time;
  }

  #anchor(seconds: number): void {
    this.#anchorSeconds = seconds;
    this.#anchorMs = this.#nowMs();
  }

  #expected(): number {
    return this.#anchorSeconds + (this.#passedMs() / 1000) * this.#rate;
  }

  /** Milliseconds since the anchor in which the film has run. */
  #passedMs(): number {
    const now = this.#nowMs();
    const sound = this.#sound;
    if (!sound) return now - this.#anchorMs;
    if (sound.begunMs === undefined)
      return Math.max(0, now - Math.max(this.#anchorMs, sound.atMs + START_PATIENCE_MS));
    if (!isEven(sound)) return 0;
    return Math.max(0, Math.min(now, sound.atMs + PATIENCE_MS) - this.#anchorMs);
  }
}

/** Whether it runs evenly, so that its time may be guessed between two readings. */
function isEven({ atMs, begunMs }: SoundNews): boolean {
  return begunMs !== undefined && atMs - begunMs >= SETTLING_MS;
}
