/** Sums up the checks whose exit statuses and reports of tests lie in a folder, and names the tests that failed; fails if any did. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const folder = process.argv[2];
const total = { passed: 0, failed: 0 };
for (const name of readdirSync(folder)) {
  const { passed, failed } = countCheck(join(folder, name));
  if (failed > 0) console.log(`${name} failed`);
  total.passed += passed;
  total.failed += failed;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;

/** Tests of a check that has reports; the check itself as one if it has none, or failed by none of its tests. */
function countCheck(folder) {
  const ended = readFileSync(join(folder, 'status'), 'utf8').trim() === '0';
  const reports = readdirSync(folder).filter((name) => name.endsWith('.json'));
  if (reports.length === 0) return { passed: ended ? 1 : 0, failed: ended ? 0 : 1 };
  const counts = reports.map((name) => countTests(join(folder, name)));
  const passed = counts.reduce((sum, report) => sum + report.passed, 0);
  const failed = counts.reduce((sum, report) => sum + report.failed, 0);
  return { passed, failed: ended ? failed : Math.max(failed, 1) };
}

/** Passed and failed tests of a report; a file that did not come to its tests is a failed one. */
function countTests(report) {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  for (const { name, message } of broken) console.log(`failed: ${name}: ${message}`);
  for (const { name, assertionResults } of testResults) {
    for (const { fullName, failureMessages } of assertionResults.filter((test) => test.status === 'failed')) {
      console.log(`failed: ${name}: ${fullName}\n${failureMessages.join('\n')}`);
    }
  }
  return { passed: numPassedTests, failed: numFailedTests + broken.length };
}
