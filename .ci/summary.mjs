/** Sums up the checks whose exit statuses and test reports lie in a folder; fails if any of them did. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const folder = process.argv[2];
const total = { passed: 0, failed: 0 };
for (const file of readdirSync(folder).filter((name) => name.endsWith('.status'))) {
  const name = file.slice(0, -'.status'.length);
  const ended = readFileSync(join(folder, file), 'utf8').trim() === '0';
  const report = join(folder, `${name}.json`);
  const counts = existsSync(report) ? countTests(report) : { passed: ended ? 1 : 0, failed: 0 };
  // Whatever else went wrong is a failure too: no report, an error outside of a test.
  if (!ended && counts.failed === 0) counts.failed = 1;
  if (counts.failed > 0) console.log(`${name} failed`);
  total.passed += counts.passed;
  total.failed += counts.failed;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;

/** Passed and failed tests of a report; a file that did not come to its tests is a failed one. */
function countTests(report) {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  return { passed: numPassedTests, failed: numFailedTests + broken.length };
}
