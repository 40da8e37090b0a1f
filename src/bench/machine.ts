import os from 'node:os';
import process from 'node:process';
import type { Reporter } from '../reporter.js';

/** Says on which machine the figures that follow were measured. */
export function reportMachine(reporter: Reporter): void {
  const [processor] = os.cpus();
  const fields = {
    processor: processor?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.arch()}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
  reporter.event('machine', fields);
  reporter.table(
    `${fields.processor}, ${fields.cores} cores, ${fields.memoryGiB} GiB, ${fields.system}, Node ${fields.node}, ${fields.date}`,
  );
}
