import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { FormatError } from '../../runtime/errors.js';
import { Reporter } from '../../src/reporter.js';

test('an error is reported as JSON whatever kind of number its value is', () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const reporter = new Reporter({ progress: 'none', json: true, debug: false, stdout, stderr });
  const report = (value: unknown): unknown => {
    const hint = 'Legal: 16..16384.';
    const exitCode = reporter.error(new FormatError('Too wide.', { code: 'HEADER_FIELD', hint, value }));
    expect(exitCode).toBe(1);
    return JSON.parse(String(stdout.read()));
  };
  expect(report(15)).toMatchObject({ type: 'error', code: 'HEADER_FIELD', value: 15 });
  expect(report(2n ** 64n - 1n)).toMatchObject({ type: 'error', value: '18446744073709551615' });
  expect(report([1n, 2])).toMatchObject({ value: ['1', 2] });
});
