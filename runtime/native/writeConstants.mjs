/** Writes fieldConstants.h from the compiled definition: `npm run generate`. */
import { writeFileSync } from 'node:fs';
import { constantsHeader } from '../../dist/runtime/native/constantsHeader.js';

writeFileSync(new URL('fieldConstants.h', import.meta.url), constantsHeader());
