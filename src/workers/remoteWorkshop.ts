/** Groups of an encode in training on other machines, through a queue on Redis. */

import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { type Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { EngineError } from '../../runtime/errors.js';
import { type FinishedGroup, unpackGroup } from '../../trainers/finishedGroup.js';
import type { GroupTask, GroupWorkshop } from '../../trainers/groupTask.js';
import type { TrainingWatch } from '../../trainers/trainingWatch.js';
import { findFfmpeg } from '../media/ffmpeg.js';
import {
  type GroupJob,
  type GroupProgress,
  type GroupReturn,
  jobKey,
  KEPT_SECONDS,
  PREFIX,
  picturesKey,
  QUEUE,
  queueKeys,
  Register,
  removeQueue,
  resultKey,
  sameVersion,
  TRIES,
} from './groupQueue.js';
import { connectRedis, shownUrl } from './redisConnection.js';
import { sendPictures } from './sentPictures.js';

/** How a workshop is opened. */
export interface WorkshopOptions {
  /** Path of ffmpeg. */
  ffmpeg?: string;
  /** Told what people should know. */
  log(line: string): void;
}

/** How often it is looked at how far a group is. */
const LOOK_MS = 500;
/** How long the end waits for Redis. */
const TIDY_MS = 5000;
/** Groups in the queue beyond those that train, so that a worker that is done goes on at once. */
const AHEAD = 1;

/** Workers that were started with `weft worker`, wherever they are. `close` it in the end. */
export class RemoteWorkshop implements GroupWorkshop {
  /** Of this encode. */
  readonly #id = randomBytes(6).toString('hex');
  readonly #url: string;
  readonly #redis: Redis;
  readonly #queue: Queue<GroupJob, GroupReturn>;
  readonly #register: Register;
  readonly #options: WorkshopOptions;
  readonly #jobs = new Set<string>();
  readonly #engines = new Set<string>();
  readonly #closing = new AbortController();
  #count = 0;
  #finish = false;
  #workers = 0;
  #places = 1;
  #toldOfNone = false;
  #heart: Promise<void> | undefined;

  private constructor(url: string, redis: Redis, options: WorkshopOptions) {
    this.#url = url;
    this.#redis = redis;
    this.#options = options;
    this.#register = new Register(redis);
    this.#queue = new Queue(QUEUE, {
      ...{ connection: redis, prefix: PREFIX },
      streams: { events: { maxLen: 100 } },
    });
    this.#queue.on('error', () => undefined); // the connection tells of its troubles itself
  }

  /** @throws UsageError `BAD_REDIS_URL`; EngineError `REDIS_UNREACHABLE` */
  static async open(url: string, options: WorkshopOptions): Promise<RemoteWorkshop> {
    findFfmpeg(options.ffmpeg);
    const workshop = new RemoteWorkshop(url, await connectRedis(url, options.log), options);
    await workshop.#beat();
    workshop.#heart = workshop.#live();
    return workshop;
  }

  get places(): number {
    return this.#places + AHEAD;
  }

  get workers(): number {
    return this.#workers;
  }

  async train({ settings, scenes }: GroupTask, watch: TrainingWatch): Promise<FinishedGroup> {
    const index = this.#count++;
    const id = `${this.#id}-${index}`;
    this.#jobs.add(id);
    const ended = new AbortController();
    try {
      const ffmpeg = findFfmpeg(this.#options.ffmpeg);
      const signal = AbortSignal.any([ended.signal, this.#closing.signal]);
      const sent = await watched(sendPictures(this.#redis, ffmpeg, id, scenes, signal), watch);
      const title = `group ${index}`;
      const data = { encode: this.#id, title, settings, ...sent };
      const kept = { removeOnComplete: false, removeOnFail: false, stackTraceLimit: 0 };
      await watched(this.#queue.add('group', data, { jobId: id, attempts: TRIES, ...kept }), watch);
      const { engine } = await this.#finished(id, watch);
      const bytes = await watched(this.#redis.getBuffer(resultKey(id)), watch);
      const group = bytes && unpackGroup(bytes);
      if (!group) throw lost();
      this.#note(engine);
      return group;
    } finally {
      // Before what was sent is removed: pictures may still be on their way.
      ended.abort();
      if (!this.#closed && this.#redis.status === 'ready') await this.#remove(id);
    }
  }

  /** Withdraws what is not finished, and leaves nothing in Redis. */
  async close(): Promise<void> {
    this.#closing.abort();
    // What cannot be reached cannot be tidied: it expires.
    const tidied = this.#redis.status === 'ready' ? this.#heart?.then(() => this.#tidy()) : undefined;
    await Promise.race([tidied?.catch(() => undefined), setTimeout(TIDY_MS, undefined, { ref: false })]);
    this.#redis.disconnect();
    await this.#queue.close().catch(() => undefined);
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Waits until a job is done. */
  async #finished(id: string, watch: TrainingWatch): Promise<GroupReturn> {
    for (;;) {
      if (watch.finishing && !this.#finish) {
        this.#finish = true;
        await watched(this.#layCard(), watch);
      }
      const state = await watched(this.#queue.getJobState(id), watch);
      const job = (await watched(this.#queue.getJob(id), watch)) as Job<GroupJob, GroupReturn> | undefined;
      if (!job) throw lost();
      if (state === 'completed') return job.returnvalue;
      if (state === 'failed') throw failed(job);
      const progress = job.progress as GroupProgress | 0;
      if (state === 'active' && progress !== 0) watch.progress(progress.stage, progress.done);
      // After the look, so that what is finished when another group fails is kept.
      watch.check();
      await setTimeout(LOOK_MS);
    }
  }

  #note(engine: string): void {
    const known = this.#engines.size;
    this.#engines.add(engine);
    if (known === 1 && this.#engines.size === 2)
      this.#options.log(
        `workers train with different engines (${[...this.#engines].join(', ')}): who trains what decides the bytes`,
      );
  }

  async #remove(id: string): Promise<void> {
    const job = await this.#queue.getJob(id);
    // A job in a worker's hands is locked; the worker removes it when it sees that nobody waits for it.
    const removed = !job || (await job.remove().then(...settled));
    await this.#redis.del(picturesKey(id), resultKey(id));
    if (removed) this.#jobs.delete(id);
  }

  async #live(): Promise<void> {
    const pause = (1000 * this.#register.livesSeconds) / 10;
    while (!this.#closed) {
      const until = performance.now() + pause;
      while (!this.#closed && performance.now() < until) await setTimeout(100);
      if (!this.#closed && this.#redis.status === 'ready') await this.#beat().catch(() => undefined);
    }
  }

  /** Says that the encode lives, keeps what belongs to it from expiring, and looks who is there. */
  async #beat(): Promise<void> {
    await this.#layCard();
    const keys = [...queueKeys(), ...[...this.#jobs].flatMap(jobKeys)];
    const expiring = this.#redis.pipeline();
    for (const key of keys) expiring.expire(key, KEPT_SECONDS);
    await expiring.exec();
    const workers = [...(await this.#register.all('worker')).values()].filter(sameVersion);
    this.#workers = workers.length;
    this.#places = Math.max(
      1,
      workers.reduce((sum, { jobs }) => sum + jobs, 0),
    );
    if (this.#workers === 0 && !this.#toldOfNone)
      this.#options.log(`no worker is there: start some with weft worker ${shownUrl(this.#url)}`);
    this.#toldOfNone = this.#workers === 0;
  }

  async #layCard(): Promise<void> {
    await this.#register.lay('encode', this.#id, { finish: this.#finish });
  }

  async #tidy(): Promise<void> {
    await this.#register.remove('encode', this.#id);
    if ((await this.#register.all('encode')).size === 0) await this.#queue.obliterate({ force: true });
    for (const id of [...this.#jobs]) await this.#remove(id);
    await removeQueue(this.#redis, this.#register);
  }
}

/**
 * Waits for Redis, however long that takes, unless the work is stopped meanwhile.
 *
 * @throws what `watch.check` throws
 */
async function watched<T>(work: Promise<T>, watch: TrainingWatch): Promise<T> {
  work.catch(() => undefined); // it is told below, unless the work was stopped
  for (;;) {
    const pause = setTimeout(LOOK_MS, undefined, { ref: false });
    const done = await Promise.race([work.then((value) => ({ value })), pause]);
    if (done) return done.value;
    watch.check();
  }
}

/** Whether a promise held what it promised. */
const settled = [() => true, () => false] as const;

/** What there is of a job, but for its lock, which says how long its worker was not heard of. */
function jobKeys(id: string): string[] {
  return [jobKey(id), picturesKey(id), resultKey(id)];
}

function lost(): EngineError {
  return new EngineError('Redis lost a group that was in training.', {
    code: 'GROUP_LOST',
    hint: 'Have Redis keep what it holds (appendonly yes) and evict nothing; the same command goes on with what is finished.',
    path: '--workers',
  });
}

function failed({ data, failedReason, attemptsMade }: Job<GroupJob>): EngineError {
  const stalled = /stalled/.test(failedReason);
  const reason = stalled
    ? 'every worker that took it was lost'
    : `${attemptsMade} tries, the last: ${failedReason}`;
  return new EngineError(`A group could not be trained (${data.title}): ${reason}.`, {
    code: 'GROUP_FAILED',
    hint: 'See what the workers say; the same command goes on with what is finished.',
    path: '--workers',
  });
}
