/**
 * Tests by what they need and how long they take:
 *
 *     npm test                                    all but the slow ones
 *     npm test -- test/runtime/steps.test.ts      one file; `-t 'a part of its name'` chooses a test
 *     npm run test:tensorflow                     training in TensorFlow.js, on the processor and on WebGPU
 *     npx vitest run --config test/vitest.config.ts --project browser    in chromium, which WEFT_CHROMIUM may name;
 *                                                 WEFT_TEST_GPU=1: on the GPU of the machine
 *     npm run test:all                            everything
 *
 * Only the project `program` compiles first: its tests start `weft` as a user does, from dist/.
 */

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const PROGRAM = ['commandLine', 'encodeCommand', 'outputs', 'resume', 'splice', 'watch', 'workers'].map(
  (name) => `test/src/${name}.test.ts`,
);
const TENSORFLOW = ['test/trainers/tfjs*.test.ts'];
const BROWSER = ['test/browser/**/*.test.ts'];

/** Where every run leaves a report of its own, if it is to leave one (.ci/run). */
const REPORTS = process.env.WEFT_TEST_REPORTS;

/** Long: it ends what hangs, and no machine is too slow for a test. */
const PATIENCE = { testTimeout: 300_000, hookTimeout: 300_000 };

function project(name: string, test: TestProjectInlineConfiguration['test']): TestProjectInlineConfiguration {
  return { test: { name, environment: 'node', setupFiles: 'test/sameBytes.ts', ...PATIENCE, ...test } };
}

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    // More than cores: tests that start programs wait for them, some for seconds.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
    ...(REPORTS && {
      reporters: ['default', 'json'],
      outputFile: { json: join(REPORTS, `${process.pid}.json`) },
    }),
    projects: [
      project('node', { include: ['test/**/*.test.ts'], exclude: [...PROGRAM, ...TENSORFLOW, ...BROWSER] }),
      project('program', { include: PROGRAM, globalSetup: 'test/src/compile.ts' }),
      project('tensorflow', { include: TENSORFLOW }),
      // One file at a time: they share a browser whose GPU is played by all cores.
      project('browser', {
        include: BROWSER,
        globalSetup: ['test/src/compile.ts', 'test/browser/launch.ts'],
        fileParallelism: false,
      }),
    ],
  },
});
