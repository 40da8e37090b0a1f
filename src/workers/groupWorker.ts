/** Trains groups that encodes on other machines ask for. */

import { randomBytes } from 'node:crypto';
import os from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { InterruptedError, throwIfAborted } from '../../runtime/errors.js';
import { openEngine } from '../../trainers/engines.js';
import { packGroup } from '../../trainers/finishedGroup.js';
import { trainTask } from '../../trainers/groupTask.js';
import type { TrainingWatch } from '../../trainers/trainingWatch.js';
import { weftVersion } from '../../trainers/version.js';
import { findFfmpeg } from '../media/ffmpeg.js';
import {
  type GroupJob,
  type GroupReturn,
  jobKey,
  KEPT_SECONDS,
  MOST_LOST,
  PREFIX,
  picturesKey,
  QUEUE,
  Register,
  removeQueue,
  resultKey,
  type WorkerCard,
} from './groupQueue.js';
import { connectRedis } from './redisConnection.js';
import { receivePictures } from './sentPictures.js';

/** How a worker works. */
export interface WorkerOptions {
  /** Groups to train at once. */
  jobs: number;
  /** Path of ffmpeg. */
  ffmpeg?: string;
  /** A group that a worker holds is given to another when it was not heard of for so long; default 30. */
  lostAfterSeconds?: number;
  /** Told what people should know. */
  log(line: string): void;
  /** Told how far a group is. */
  onProgress(stage: string, done: number): void;
}

const PROGRESS_MS = 1000;
const LOOK_MS = 1000;
/** How long the end waits for Redis. */
const GIVE_BACK_MS = 5000;

/** Takes groups from `open` on; `finish` ends it. */
export class GroupWorker {
  readonly #redis: Redis;
  readonly #register: Register;
  readonly #options: WorkerOptions;
  readonly #card: WorkerCard;
  readonly #worker: Worker<GroupJob, GroupReturn>;
  readonly #id = randomBytes(6).toString('hex');
  readonly #giveBack = new AbortController();
  #forget: (() => void) | undefined;

  private constructor(redis: Redis, engine: string, options: WorkerOptions) {
    this.#redis = redis;
    this.#register = new Register(redis);
    this.#options = options;
    const { jobs, lostAfterSeconds = 30 } = options;
    this.#card = { name: `${os.hostname()} (${process.pid})`, weft: weftVersion(), jobs, engine };
    const process_ = (job: Job<GroupJob, GroupReturn>, token?: string, signal?: AbortSignal) =>
      this.#train(job, token!, signal!);
    this.#worker = new Worker(QUEUE, process_, {
      ...{ connection: redis, prefix: PREFIX, concurrency: jobs, maxStalledCount: MOST_LOST },
      ...{ lockDuration: 1000 * lostAfterSeconds, stalledInterval: 500 * lostAfterSeconds },
      ...{ drainDelay: 2, runRetryDelay: 1000 },
    });
    this.#worker.on('error', () => undefined); // the connection tells of its troubles itself
    // What was given to another is not to be trained twice.
    this.#worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) this.#worker.cancelJob(id, 'it was given to another worker');
    });
  }

  /** @throws UsageError `BAD_REDIS_URL`; EngineError `REDIS_UNREACHABLE`, `ENGINE_MISSING`; MediaError `FFMPEG_NOT_FOUND` */
  static async open(url: string, options: WorkerOptions): Promise<GroupWorker> {
    findFfmpeg(options.ffmpeg);
    const { name } = await openEngine('auto', options.log);
    const worker = new GroupWorker(await connectRedis(url, options.log), name, options);
    await worker.#worker.waitUntilReady();
    worker.#forget = await worker.#register.keep('worker', worker.#id, worker.#card);
    return worker;
  }

  /** Takes no more groups, and ends when those in hand are trained. */
  async finish(): Promise<void> {
    this.#forget?.();
    await this.#worker.close().catch(() => undefined);
    if (this.#redis.status === 'ready') await this.#tidy().catch(() => undefined);
    this.#redis.disconnect();
  }

  /** Ends at once: others train the groups in hand. What cannot be reached is given up. */
  async giveBack(): Promise<void> {
    this.#giveBack.abort();
    await Promise.race([this.finish(), setTimeout(GIVE_BACK_MS, undefined, { ref: false })]);
    this.#redis.disconnect();
    await this.#worker.disconnect().catch(() => undefined);
  }

  async #tidy(): Promise<void> {
    await this.#register.remove('worker', this.#id);
    await removeQueue(this.#redis, this.#register);
  }

  async #train(job: Job<GroupJob, GroupReturn>, token: string, lost: AbortSignal): Promise<GroupReturn> {
    const { data } = job;
    const { log } = this.#options;
    const id = job.id!;
    const started = performance.now();
    const wanted = new Wanted(this.#register, data.encode);
    const stop = AbortSignal.any([lost, this.#giveBack.signal, wanted.signal]);
    log(
      `${data.title} of encode ${data.encode}: ${data.scenes.reduce((sum, frames) => sum + frames, 0)} frames`,
    );
    try {
      const { ffmpeg } = this.#options;
      const scenes = await receivePictures(this.#redis, findFfmpeg(ffmpeg), id, data, stop);
      const engine = await openEngine(data.settings.engine, log);
      const watch = this.#watch(job, stop, wanted);
      const group = await trainTask(engine, { settings: data.settings, scenes }, watch);
      await wanted.confirm();
      throwIfAborted(stop);
      await this.#redis.set(resultKey(id), Buffer.from(packGroup(group)), 'EX', KEPT_SECONDS);
      if ((await this.#redis.exists(jobKey(id))) === 0) await this.#redis.del(resultKey(id));
      log(
        `${data.title} of encode ${data.encode}: done in ${((performance.now() - started) / 1000).toFixed(0)} s`,
      );
      return { worker: this.#card.name, engine: engine.name };
    } catch (error) {
      if (wanted.signal.aborted) {
        log(`${data.title} of encode ${data.encode}: nobody waits for it any more`);
        await this.#redis.del(picturesKey(id), resultKey(id));
        // Removed as it fails: BullMQ removes no job that a worker holds.
        job.opts.removeOnFail = true;
        throw new UnrecoverableError('nobody waits for it');
      }
      if (this.#giveBack.signal.aborted) {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      const message = error instanceof Error ? error.message : String(error);
      log(
        `${data.title} of encode ${data.encode}: ${lost.aborted ? 'it was given to another worker' : message}`,
      );
      throw new Error(`${this.#card.name}: ${message}`);
    } finally {
      wanted.dispose();
    }
  }

  #watch(job: Job<GroupJob>, stop: AbortSignal, wanted: Wanted): TrainingWatch {
    let told = Number.NEGATIVE_INFINITY;
    return {
      progress: (stage, done) => {
        this.#options.onProgress(stage, done);
        const now = performance.now();
        if (now - told < PROGRESS_MS) return;
        told = now;
        job.updateProgress({ stage, done }).catch(() => undefined); // the next one will do
      },
      check: () => {
        if (stop.aborted) throw new InterruptedError();
      },
      get finishing() {
        return wanted.finish;
      },
    };
  }
}

/** Whether the encode that asked for a group still waits for it, and whether it wants it early. */
class Wanted {
  readonly #register: Register;
  readonly #encode: string;
  readonly #gone = new AbortController();
  #missingSince: number | undefined;
  #finish = false;
  #done = false;

  constructor(register: Register, encode: string) {
    this.#register = register;
    this.#encode = encode;
    void this.#watch();
  }

  /** Fires when nobody waits for it any more. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  get finish(): boolean {
    return this.#finish;
  }

  dispose(): void {
    this.#done = true;
  }

  /** Waits until it is known whether somebody waits for it now. */
  async confirm(): Promise<void> {
    await this.#look();
    while (this.#missingSince !== undefined && !this.#gone.signal.aborted) await setTimeout(LOOK_MS / 4);
  }

  async #watch(): Promise<void> {
    while (!this.#done && !this.#gone.signal.aborted) {
      await this.#look();
      await setTimeout(LOOK_MS);
    }
  }

  async #look(): Promise<void> {
    const card = await this.#register.card('encode', this.#encode).catch(() => undefined);
    this.#finish = card?.finish ?? this.#finish;
    // A Redis that was away has let the card expire: the encode has to find back to it first.
    this.#missingSince = card ? undefined : (this.#missingSince ?? performance.now());
    const missing = this.#missingSince === undefined ? 0 : performance.now() - this.#missingSince;
    if (missing > MISSING_MS) this.#gone.abort();
  }
}

/** Longer than a connection that is back takes to be used. */
const MISSING_MS = 10_000;
