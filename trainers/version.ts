/** The version of weft, as package.json states it. */

import { readFileSync } from 'node:fs';

/** For example `0.1.0`. */
export function weftVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
