/** A connection to Redis, by a URL that may hold a password. */

import { Redis } from 'ioredis';
import { EngineError, UsageError } from '../../runtime/errors.js';

const CONNECT_TIMEOUT_MS = 10_000;
const LONGEST_PAUSE_MS = 5000;

/** The URL as it may be shown. */
export function shownUrl(url: string): string {
  return url.replace(/(\/\/[^/@:]*:)[^/@]*@/, '$1***@');
}

/**
 * Connects. A connection that is lost later comes back by itself, and what was asked meanwhile waits for it.
 *
 * @param url `redis://` or, with TLS, `rediss://`, then `[[user]:password@]host[:port][/database]`
 * @param log told when the connection is lost, and when it is back
 * @throws UsageError `BAD_REDIS_URL`; EngineError `REDIS_UNREACHABLE`
 */
export async function connectRedis(url: string, log: (line: string) => void): Promise<Redis> {
  checkUrl(url);
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: null, // what waits for Redis waits as long as it takes
    retryStrategy: (times) => Math.min(200 * times, LONGEST_PAUSE_MS),
  });
  let last: Error | undefined;
  redis.on('error', (error: Error) => {
    last = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (cause) {
    redis.disconnect();
    throw unreachable(url, last ?? (cause as Error));
  }
  let lost = false;
  redis.on('close', () => {
    if (!lost && redis.status !== 'end') log(`the connection to ${shownUrl(url)} is lost: waiting for it`);
    lost = true;
  });
  redis.on('ready', () => {
    if (lost) log(`connected to ${shownUrl(url)} again`);
    lost = false;
  });
  return redis;
}

function checkUrl(url: string): void {
  const known = /^rediss?:$/.test(URL.canParse(url) ? new URL(url).protocol : '');
  if (known && new URL(url).hostname !== '') return;
  throw new UsageError(`${shownUrl(url)} is no address of Redis.`, {
    code: 'BAD_REDIS_URL',
    hint: 'Give redis://HOST, or with a password and TLS rediss://:PASSWORD@HOST:PORT.',
    path: '--workers',
    value: shownUrl(url),
  });
}

function unreachable(url: string, cause: Error): EngineError {
  const refused = /WRONGPASS|NOAUTH|NOPERM/.test(cause.message);
  return new EngineError(`Redis cannot be used at ${shownUrl(url)}: ${cause.message || cause.name}.`, {
    code: 'REDIS_UNREACHABLE',
    hint: refused
      ? 'Put the name and the password into the address: redis://NAME:PASSWORD@HOST.'
      : 'Check the address, that redis-server runs there, and that it listens to this machine.',
    path: '--workers',
    value: shownUrl(url),
    cause,
  });
}
