/** The sound of a film that is played: whether pictures wait for it, go with it, or go on without it. */

import { InterruptedError } from '../errors.js';
import type { FilmClient } from './filmClient.js';
import type { MediaClock } from './mediaClock.js';
import { openSound } from './openSound.js';
import { Sound, type SoundSettings } from './sound.js';
import type { Presence } from './soundSource.js';

/** What it needs of the playback around it. */
export interface FilmSoundHost {
  /** How it is to sound, and whether the film begins again at its end. */
  readonly choices: { readonly sound: SoundSettings; readonly loop: boolean };
  /** It is not awaited any more. */
  known(): void;
  /** Nobody has touched the page yet, so it may not make itself heard. */
  refused(): void;
  /** Why there is no sound: words for people. */
  note(text: string): void;
}

/** Sound that is not there by then is not waited for, in milliseconds; it joins in when it comes. */
const PATIENCE_MS = 3000;

/** Where pictures go on alone, sound is fetched for where they are: so near to it, in seconds. */
const FOLLOWED_SECONDS = 1;

export class FilmSound {
  readonly #clock: MediaClock;
  readonly #host: FilmSoundHost;
  #sound: Sound | undefined;
  #awaited = true;
  /** Pictures go on without the sound of this instant: it takes too long, or there is silence. */
  #alone = false;
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
      sound?.seek(this.#clock.time);
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
    this.#sound?.apply(sound);
    if (loop) this.#sound?.prepareRepeat();
    this.#hearOfIt();
  }

  /** Goes to where the clock was set. */
  seek(): void {
    if (!this.#sound) return;
    this.#sound.seek(this.#clock.time);
    if (this.#presence === 'missing') this.#await();
    else this.#hearOfIt();
  }

  /** Plays with the film; does nothing where it does already. */
  start(): void {
    const sound = this.#sound;
    const { time } = this.#clock;
    if (!sound || this.#presence !== 'here' || time >= sound.duration) {
      this.pause();
      this.#clock.forgetSound();
      return;
    }
    if (sound.playing) return;
    this.#clock.awaitSound(time);
    sound.play(time).catch((error: unknown) => this.#refused(error));
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
    if (turns) this.start();
    if (sound.playing) this.#clock.hear(sound.seconds);
    else if (sound.ended) this.#clock.forgetSound();
    else if (this.#alone && Math.abs(sound.seconds - this.#clock.time) > FOLLOWED_SECONDS)
      sound.seek(this.#clock.time);
  }

  /** The film has begun again. */
  repeat(): void {
    if (this.#sound && Sound.playsAt(this.#host.choices.sound.rate))
      this.#sound.repeat().catch((error: unknown) => this.#refused(error));
  }

  /** Tries whether the page may make itself heard. @throws DOMException `NotAllowedError` */
  async tryPlaying(): Promise<void> {
    const { muted, volume } = this.#host.choices.sound;
    const audible = !muted && volume > 0 && this.#presence === 'here';
    if (audible) await this.#sound?.play(this.#clock.time);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#late);
    this.#sound?.close();
  }

  /** Whether the sound of this instant is here. At speeds at which none is played there is silence. */
  get #presence(): Presence {
    const { rate } = this.#host.choices.sound;
    return this.#sound && Sound.playsAt(rate) ? this.#sound.at(this.#clock.time) : 'silent';
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
      const hint = error instanceof Error && 'hint' in error ? ` ${error.hint}` : '';
      this.#host.note(`No sound: ${error instanceof Error ? error.message : error}${hint}`);
    }
    this.#sound = undefined;
    this.#clock.forgetSound();
    this.#know();
  }
}
