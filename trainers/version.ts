/** The version of weft, as package.json states it. */

import { createRequire } from 'node:module';

/** For example `0.1.0`. */
export function weftVersion(): string {
  // The package knows itself by name, in the sources as in dist.
  return (createRequire(import.meta.url)('weft/package.json') as { version: string }).version;
}
