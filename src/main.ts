#!/usr/bin/env node
import process from 'node:process';
import { weftVersion } from '../trainers/version.js';

// A reader that goes away (`weft ... | head`) is no error. Nothing else that goes wrong there can be told anywhere but here.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(
    `weft: Standard output cannot be written (${error.message}).\nweft: Make room, or write elsewhere.\n`,
  );
  process.exit(1);
});

const argv = process.argv.slice(2);
if (argv.length === 1 && argv[0] === '--version') {
  // Scripts ask this often: half of the time would go into reading the parser.
  process.stdout.write(`${weftVersion()}\n`);
} else {
  const { runCommandLine } = await import('./commandLine.js');
  process.exitCode = await runCommandLine(argv);
}
