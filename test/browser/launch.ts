/**
 * Starts one browser for all tests in one; they are skipped where there is none, except in CI. The processor plays its GPU, everywhere
 * alike, unless WEFT_TEST_GPU is set: then it is the machine's own.
 */

import { existsSync } from 'node:fs';
import process from 'node:process';
import { type BrowserServer, chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the browser listens; empty without one. */
    browserEndpoint: string;
  }
}

const USUAL_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const USUAL_FLAGS = [
  ...['--no-sandbox', '--enable-unsafe-webgpu', '--ignore-gpu-blocklist', '--enable-gpu'],
  '--enable-features=Vulkan',
];

/**
 * WebGL2 and WebGPU on SwiftShader. Without Vulkan on SwiftShader too the GPU process dies as soon as a canvas of WebGPU is
 * presented.
 */
const PROCESSOR_FLAGS = [
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--use-vulkan=swiftshader',
];

/** Both on the machine's GPU, of which no screen is needed. */
const GPU_FLAGS = ['--use-angle=vulkan', '--use-vulkan=native', '--disable-vulkan-surface'];

/** Vitest calls this before the tests and what it gives behind them. */
export default async function launch(project: TestProject): Promise<() => Promise<void>> {
  const browser = await start();
  project.provide('browserEndpoint', browser?.wsEndpoint() ?? '');
  return async () => browser?.close();
}

async function start(): Promise<BrowserServer | undefined> {
  const executablePath = findBrowser();
  const args = [...USUAL_FLAGS, ...(process.env.WEFT_TEST_GPU ? GPU_FLAGS : PROCESSOR_FLAGS)];
  if (executablePath) return chromium.launchServer({ executablePath, args });
  const missing = `No browser is found at ${process.env.WEFT_CHROMIUM ?? USUAL_PATHS.join(', ')}.`;
  if (process.env.CI) throw new Error(`${missing} Install chromium, or set WEFT_CHROMIUM to its path.`);
  console.info(`skipped: ${missing} Tests in a browser need chromium, or WEFT_CHROMIUM set to its path.`);
  return undefined;
}

function findBrowser(): string | undefined {
  const named = process.env.WEFT_CHROMIUM;
  return (named ? [named] : USUAL_PATHS).find((path) => existsSync(path));
}
