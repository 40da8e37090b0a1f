#!/usr/bin/env node
import process from 'node:process';
import { runCommandLine } from './commandLine.js';

// A reader that goes away (`weft ... | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2));
