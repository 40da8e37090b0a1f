/** The sound of a film that is played: whether pictures wait for it, go with it, or go on without it. */

import { InterruptedError } from '../errors.js';
import type { TimeMap } from '../film/retiming.js';
import type { FilmClient } from './filmClient.js';
import type { MediaClock } from './mediaClock.js';
import { openSound } from './openSound.js';
import { errorText } from './sentErrors.js';
import { Sound, type SoundSettings } from './sound.js';
import type { Presence } from './soundSource.js';

/** What it needs of the playback around it. */
export interface FilmSoundHost {
  /** How it is to sound, and whether the film begins again at its end. */
  readonly choices: { readonly sound: SoundSettings; readonly loop: boolean };
  /** What the film shows when; asked once it is open. */
  readonly times: TimeMap;
  /** It is not awaited any more. */
  known(): void;
  /** Nobody has touched the page yet, so it may not make itself heard. */
  refused(): void;
  /** Why there is no sound: words for people. */
  note(text: string): void;
}

/** Sound that is not there by then is not waited for, in milliseconds; it joins in when it comes. */
const PATIENCE_MS = 3000;

/** Speeds of a film that is retimed at which there is sound: all browsers let it be heard at them. */
const SLOWEST_RETIMED = 0.25;
const FASTEST_RETIMED = 4;

/** Sound that is this near to the speed of the film, as a share of it, is left alone: pictures follow it. */
const NEAR_SPEED = 0.02;

/** Where pictures go on alone, sound is fetched for where they are: so near to it, in seconds. */
const FOLLOWED_SECONDS = 1;

export class FilmSound {
  readonly #clock: MediaClock;
  readonly #host: FilmSoundHost;
  #sound: Sound | undefined;
  #awaited = true;
  /** Pictures go on without the sound of this instant: it takes too long, or there is silence. */
  #alone = false;
  /** The speed at which it is played. */
  #rate = 1;
  #late: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** @param clock of the film; while sound is heard, it is the clock's master */
  constructor(clock: MediaClock, host: FilmSoundHost) {
    this.#clock = clock;
    this.#host = host;
  }

  /** Whether pictures are to wait for it. */
  get awaited(): boolean {
    return this.#awaited;
  }

  /** Seconds in the film; undefined without sound. */
  get seconds(): number | undefined {
    return this.#sound?.seconds;
  }

  /** Waits for the sound of a film, which may have none. */
  async open(client: FilmClient): Promise<void> {
    this.#await();
    const news = { arrived: () => this.#hearOfIt(), failed: (error: unknown) => this.#lose(error) };
    try {
      const sound = await openSound(client, this.#host.choices.sound, news);
      if (this.#closed) {
        sound?.close();
        return;
      }
      this.#sound = sound;
      sound?.seek(this.#place);
      // What was chosen meanwhile.
      this.choose();
      if (!sound) this.#know();
    } catch (error) {
      this.#lose(error);
    }
  }

  /** The viewer has chosen otherwise. */
  choose(): void {
    const { sound, loop } = this.#host.choices;
    if (this.#sound) this.#apply(sound);
    if (loop) this.#sound?.prepareRepeat();
    this.#hearOfIt();
  }

  /** Goes to where the clock was set. */
  seek(): void {
    if (!this.#sound) return;
    this.#sound.seek(this.#place);
    if (this.#presence === 'missing') this.#await();
    else this.#hearOfIt();
  }

  /**
   * Plays with the film; does nothing where it does already.
   *
   * @param joins the film moves: it does not wait until the sound does
   */
  start(joins = false): void {
    const sound = this.#sound;
    if (!sound || this.#presence !== 'here' || this.#place >= sound.duration) {
      this.pause();
      this.#clock.forgetSound();
      return;
    }
    if (sound.playing) return;
    if (!joins) this.#clock.awaitSound(this.#clock.time);
    sound.play(this.#place).catch((error: unknown) => this.#refused(error));
  }

  pause(): void {
    this.#sound?.pause();
  }

  /** Tells the clock what time it is, while the film plays: `awaited` is then whether there is more of it. */
  follow(): void {
    const sound = this.#sound;
    if (!sound) return;
    const presence = this.#presence;
    if (presence === 'missing' && !this.#alone) {
      this.#await();
      return;
    }
    const turns = this.#alone !== (presence !== 'here');
    this.#alone = presence !== 'here';
    const { times } = this.#host;
    if (Math.abs(this.#speed / this.#rate - 1) > NEAR_SPEED) this.#apply(this.#host.choices.sound);
    if (turns) this.start(times.isRetimed);
    if (sound.playing) this.#clock.hear(times.shownNear(sound.seconds, this.#clock.time));
    else if (sound.ended) this.#clock.forgetSound();
    else if (this.#alone && Math.abs(sound.seconds - this.#place) > FOLLOWED_SECONDS) sound.seek(this.#place);
  }

  /** The film has begun again. */
  repeat(): void {
    if (this.#sound && this.#plays) this.#sound.repeat().catch((error: unknown) => this.#refused(error));
  }

  /** Tries whether the page may make itself heard. @throws DOMException `NotAllowedError` */
  async tryPlaying(): Promise<void> {
    const { muted, volume } = this.#host.choices.sound;
    const audible = !muted && volume > 0 && this.#presence === 'here';
    if (audible) await this.#sound?.play(this.#place);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#late);
    this.#sound?.close();
  }

  /** Where the film is, in its own seconds. */
  get #place(): number {
    return this.#host.times.filmAt(this.#clock.time);
  }

  /** Seconds of the film per second. */
  get #speed(): number {
    return this.#host.choices.sound.rate * this.#host.times.speedAt(this.#clock.time);
  }

  /** Whether sound is played at this speed. */
  get #plays(): boolean {
    if (!this.#host.times.isRetimed) return Sound.playsAt(this.#speed);
    return this.#speed >= SLOWEST_RETIMED && this.#speed <= FASTEST_RETIMED;
  }

  #apply(settings: SoundSettings): void {
    this.#rate = this.#speed;
    this.#sound!.apply({ ...settings, rate: this.#rate });
  }

  /** Whether the sound of this instant is here. At speeds at which none is played there is silence. */
  get #presence(): Presence {
    return this.#sound && this.#plays ? this.#sound.at(this.#place) : 'silent';
  }

  #await(): void {
    this.#awaited = true;
    this.#alone = false;
    clearTimeout(this.#late);
    this.#late = setTimeout(() => {
      this.#alone = true;
      this.#know();
    }, PATIENCE_MS);
  }

  /** What was waited for may be here. */
  #hearOfIt(): void {
    if (this.#sound && this.#awaited && this.#presence !== 'missing') this.#know();
  }

  /** It is there, or there is none, or it takes too long. */
  #know(): void {
    clearTimeout(this.#late);
    this.#awaited = false;
    this.#host.known();
  }

  #refused(error: unknown): void {
    const refused = error instanceof DOMException && error.name === 'NotAllowedError';
    if (refused && !this.#closed) this.#host.refused();
  }

  /** Pictures go on by the clock of the machine. */
  #lose(error: unknown): void {
    if (this.#closed) return;
    if (!(error instanceof InterruptedError)) {
      this.#host.note(`No sound: ${errorText(error)}`);
    }
    this.#sound = undefined;
    this.#clock.forgetSound();
    this.#know();
  }
}
