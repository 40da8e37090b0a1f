/** What an encode and its workers agree on: the queue of groups, the keys in Redis, and how long each of them lives. */

import { QueueKeys } from 'bullmq';
import type { Redis } from 'ioredis';
import type { GroupSettings } from '../../trainers/groupTask.js';
import { weftVersion } from '../../trainers/version.js';
import type { LosslessInfo } from '../media/losslessVideo.js';

/** Before every key. */
export const PREFIX = 'weft';
/** Only the same version of weft makes the same bytes of a group. */
export const QUEUE = `groups-${weftVersion()}`;

/** Times that a group is tried before its failure ends the encode. */
export const TRIES = 3;
/** Workers that may be lost over one group. */
export const MOST_LOST = 10;
/** What Redis keeps of an encode that is gone. */
export const KEPT_SECONDS = 3600;
/** Pictures travel in pieces of about so many bytes. */
export const PIECE_BYTES = 4 << 20;

/** A group as it stands in the queue; its pictures lie beside it. */
export interface GroupJob {
  /** Of the encode that asks for it. */
  readonly encode: string;
  /** What it is called in messages. */
  readonly title: string;
  readonly settings: GroupSettings;
  readonly info: LosslessInfo;
  /** Frames of each of its scenes. */
  readonly scenes: readonly number[];
  /** SHA-256 of all planes. */
  readonly digest: string;
}

/** How far a group is, as its worker says. */
export interface GroupProgress {
  readonly stage: string;
  readonly done: number;
}

/** What a finished job returns besides the group itself. */
export interface GroupReturn {
  readonly worker: string;
  /** Name of the engine, with its instruction set. */
  readonly engine: string;
}

const bullmqKeys = new QueueKeys(PREFIX);
/** Keys that BullMQ keeps for the queue, but for those that are clocks by the time they live. */
export function queueKeys(): string[] {
  const { 'stalled-check': _, ...keys } = bullmqKeys.getKeys(QUEUE);
  return Object.values(keys);
}
/** The key that BullMQ keeps for a job. */
export const jobKey = (job: string): string => bullmqKeys.toKey(QUEUE, job);
export const picturesKey = (job: string): string => `${PREFIX}:pictures:${job}`;
export const resultKey = (job: string): string => `${PREFIX}:result:${job}`;

/** What a worker says of itself. */
export interface WorkerCard {
  readonly name: string;
  readonly weft: string;
  /** Groups that it trains at once. */
  readonly jobs: number;
  readonly engine: string;
}

/** What an encode says of itself. */
export interface EncodeCard {
  /** Whether groups are to be ended early. */
  readonly finish: boolean;
}

interface Cards {
  worker: WorkerCard;
  encode: EncodeCard;
}

/** Who is there: cards that vanish unless they are laid again. */
export class Register {
  readonly #redis: Redis;
  /** A card is laid again three times while it lives. */
  readonly livesSeconds: number;

  constructor(redis: Redis, livesSeconds = 30) {
    this.#redis = redis;
    this.livesSeconds = livesSeconds;
  }

  async lay<Kind extends keyof Cards>(kind: Kind, id: string, card: Cards[Kind]): Promise<void> {
    await this.#redis
      .multi()
      .set(cardKey(kind, id), JSON.stringify(card), 'EX', this.livesSeconds)
      .sadd(listKey(kind), id)
      .expire(listKey(kind), KEPT_SECONDS)
      .exec();
  }

  /** Lays a card again and again, until the function that comes back is called. */
  async keep<Kind extends keyof Cards>(kind: Kind, id: string, card: Cards[Kind]): Promise<() => void> {
    await this.lay(kind, id, card);
    const again = () => void this.lay(kind, id, card).catch(() => undefined);
    const timer = setInterval(again, (1000 * this.livesSeconds) / 3);
    return () => clearInterval(timer);
  }

  async card<Kind extends keyof Cards>(kind: Kind, id: string): Promise<Cards[Kind] | undefined> {
    const text = await this.#redis.get(cardKey(kind, id));
    return text === null ? undefined : (JSON.parse(text) as Cards[Kind]);
  }

  /** All that are there. */
  async all<Kind extends keyof Cards>(kind: Kind): Promise<Map<string, Cards[Kind]>> {
    const ids = await this.#redis.smembers(listKey(kind));
    const cards = await Promise.all(ids.map((id) => this.card(kind, id)));
    return new Map(ids.flatMap((id, i) => (cards[i] ? [[id, cards[i]] as [string, Cards[Kind]]] : [])));
  }

  async remove(kind: keyof Cards, id: string): Promise<void> {
    await this.#redis.multi().del(cardKey(kind, id)).srem(listKey(kind), id).exec();
  }
}

/** Whether a worker makes the bytes that this version makes. */
export function sameVersion({ weft }: WorkerCard): boolean {
  return weft === weftVersion();
}

const cardKey = (kind: string, id: string): string => `${PREFIX}:${kind}:${id}`;
const listKey = (kind: string): string => `${PREFIX}:${kind}s`;

/** Removes what the queue itself keeps, where no encode needs it. Who comes next makes it anew. */
export async function removeQueue(redis: Redis, register: Register): Promise<void> {
  if ((await register.all('encode')).size === 0) await redis.del(...queueKeys());
}
