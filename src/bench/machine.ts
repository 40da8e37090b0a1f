import os from 'node:os';
import process from 'node:process';
import type { Reporter } from '../reporter.js';

/** The machine that figures are measured on, and the day. */
export interface Machine {
  processor: string;
  cores: number;
  memoryGiB: number;
  system: string;
  /** Version of Node. */
  node: string;
  /** As 2026-11-22. */
  date: string;
}

/** This machine, today. */
export function thisMachine(): Machine {
  return {
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.arch()}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** The machine in a line, without the day. */
export function machineText({ processor, cores, memoryGiB, system, node }: Machine): string {
  return `${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}`;
}

/** Says on which machine the figures that follow were measured. */
export function reportMachine(reporter: Reporter): void {
  const machine = thisMachine();
  reporter.event('machine', { ...machine });
  reporter.table(`${machineText(machine)}, ${machine.date}`);
}
