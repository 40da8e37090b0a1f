/** Whether a Redis would do for an encode on many machines. */

import { Register, sameVersion } from './groupQueue.js';
import { connectRedis, shownUrl } from './redisConnection.js';

/** What was found at an address. */
export interface RedisReport {
  readonly url: string;
  readonly version: string;
  /** Milliseconds that an answer takes. */
  readonly answersInMs: number;
  /** What is wrong or will be, with what to do. */
  readonly warnings: readonly string[];
  readonly workers: readonly { name: string; weft: string; jobs: number; engine: string; usable: boolean }[];
}

/** BullMQ recommends it. */
const OLDEST = [6, 2];
/** Some groups in the queue. */
const LEAST_BYTES = 256 << 20;

/** @throws UsageError `BAD_REDIS_URL`; EngineError `REDIS_UNREACHABLE` */
export async function reportRedis(url: string): Promise<RedisReport> {
  const redis = await connectRedis(url, () => undefined);
  try {
    const started = performance.now();
    await redis.ping();
    const answersInMs = performance.now() - started;
    const info = new Map(
      (await redis.info()).split(/\r?\n/).map((line) => line.split(':', 2) as [string, string]),
    );
    const version = info.get('redis_version') ?? 'unknown';
    const cards = [...(await new Register(redis).all('worker')).values()];
    return {
      ...{ url: shownUrl(url), version, answersInMs },
      warnings: warningsOf(version, info),
      workers: cards.map((card) => ({ ...card, usable: sameVersion(card) })),
    };
  } finally {
    redis.disconnect();
  }
}

function warningsOf(version: string, info: ReadonlyMap<string, string>): string[] {
  const warnings: string[] = [];
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0]! || (major === OLDEST[0] && minor < OLDEST[1]!))
    warnings.push(`Redis ${version} is old: use ${OLDEST.join('.')} or later`);
  const policy = info.get('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction')
    warnings.push(`it evicts keys when memory is short (${policy}): set maxmemory-policy noeviction`);
  const most = Number(info.get('maxmemory') ?? 0);
  if (most > 0 && most - Number(info.get('used_memory') ?? 0) < LEAST_BYTES)
    warnings.push('it has little memory left: give maxmemory 256 MB and more, 20 MB for each worker');
  if (info.get('aof_enabled') === '0')
    warnings.push('it forgets what is in training when it restarts: set appendonly yes to go on then');
  return warnings;
}
