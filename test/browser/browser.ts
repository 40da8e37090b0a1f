/** Pages of tests in the one browser that launch.ts has started. */

import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, inject } from 'vitest';
import { bundle } from './bundle.js';
import { type ServedFile, serve } from './server.js';

/** Whether there is a browser: `describe.runIf(hasBrowser)`. */
export const hasBrowser = inject('browserEndpoint') !== '';

/** What a page is made of. */
export interface PageOptions {
  /** A module, as a path from the root of the project; the page imports it. */
  readonly entry: string;
  /** More modules that are bundled by themselves, those of workers above all: by their path on the server, `/worker.js`. */
  readonly bundles?: Readonly<Record<string, string>>;
  /** Files by their path on the server, `/film.weft`. Ranges are served. */
  readonly files?: Readonly<Record<string, ServedFile>>;
  /** What stands in the body of the page. */
  readonly body?: string;
}

type Call = (...parameters: never[]) => unknown;

/** A page that is open. `M` is the type of its module: `openPage<typeof import('./pages/x.js')>`. */
export interface OpenPage<M> {
  readonly page: Page;
  /** With a `/` at its end. */
  readonly url: string;
  /** What was asked of the server, in order: path, and the range where there is one: `/film.weft bytes=0-65535`. */
  readonly requests: readonly string[];
  /** Errors that nothing caught, and those that were written to the console. */
  readonly errors: readonly string[];
  /** Calls a function of the module in the page. Numbers, strings, plain objects and typed arrays go either way. */
  call<K extends keyof M>(
    name: K,
    ...parameters: M[K] extends Call ? Parameters<M[K]> : never
  ): Promise<M[K] extends Call ? Awaited<ReturnType<M[K]>> : never>;
  close(): Promise<void>;
}

let browser: Promise<Browser> | undefined;
afterAll(async () => {
  await (await browser)?.close();
});

/**
 * Opens a page whose module is loaded: its exports are at `globalThis.entry` there.
 *
 * @throws Error with what the page has written if the module cannot be loaded
 */
export async function openPage<M>(options: PageOptions): Promise<OpenPage<M>> {
  browser ??= chromium.connect(inject('browserEndpoint'));
  const bundled = await bundleAll({ '/entry.js': options.entry, ...options.bundles });
  const page: ServedFile = { type: 'text/html', bytes: new TextEncoder().encode(html(options.body ?? '')) };
  const server = await serve({ '/': page, ...bundled, ...options.files });
  const context = await (await browser).newContext();
  const opened = await context.newPage();
  const errors = collectErrors(opened);
  await opened.goto(server.url);
  const loaded = await opened.evaluate(() => (globalThis as { loaded?: Promise<string> }).loaded);
  if (loaded !== '') throw new Error([loaded, ...errors].join('\n'));
  return {
    page: opened,
    url: server.url,
    requests: server.requests,
    errors,
    call: (name, ...parameters) => callIn(opened, name as string, parameters) as never,
    close: async () => {
      await context.close();
      await server.close();
    },
  };
}

async function bundleAll(entries: Readonly<Record<string, string>>): Promise<Record<string, ServedFile>> {
  const bundled = Object.entries(entries).map(async ([path, entry]) => {
    const file: ServedFile = { type: 'text/javascript', bytes: await bundle(entry) };
    return [path, file] as const;
  });
  return Object.fromEntries(await Promise.all(bundled));
}

function html(body: string): string {
  const load = `globalThis.loaded = import('/entry.js').then(
    (entry) => { globalThis.entry = entry; return ''; },
    (error) => String(error.stack ?? error),
  );`;
  return `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body>${body}<script type="module">${load}</script></body>`;
}

function collectErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error.stack ?? error)));
  page.on('crash', () => errors.push('The page has crashed.'));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return errors;
}

function callIn(page: Page, name: string, parameters: readonly unknown[]): Promise<unknown> {
  return page.evaluate(
    ([called, given]) => {
      const { entry } = globalThis as unknown as { entry: Record<string, (...all: unknown[]) => unknown> };
      return entry[called]!(...given);
    },
    [name, parameters] as const,
  );
}
