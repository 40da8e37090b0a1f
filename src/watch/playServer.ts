/** A web server on this machine, for one viewer: the player, and a film that may still grow. */

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import send from 'send';
import { WeftError } from '../../runtime/errors.js';
import { PAGE_STYLE, pageHead, playerElement } from './pageParts.js';
import { playerBundle } from './playerBundle.js';

/** What is told about an encode that is watched. */
export interface PlayState {
  /** A line for the viewer. */
  readonly text: string;
  /** Number of the film that is there; with a higher one there is more to see. 0: none yet. */
  readonly version: number;
}

/** What a server shows. */
export interface PlaySettings {
  readonly title: string;
  /** The file to show; undefined if there is none. A film that grows has versions. */
  film(version: number): Promise<string | undefined>;
  /** Of the player, besides those that it has in any case. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Whether the film grows: `tell` will be called. */
  readonly growing?: boolean;
  /** Default: any that is free. */
  readonly port?: number;
}

export interface PlayServer {
  /** Address of the page, with a secret in it: whoever does not know it is not answered. */
  readonly url: string;
  /** Tells viewers how far it is. */
  tell(state: PlayState): void;
  /** Until nobody watches a film that grows, or the signal fires. */
  left(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** How often it is looked whether somebody watches; a page that is loaded again is away for less. */
const LOOK_MS = 3000;

const SECRET_BYTES = 16;

/** For threads in WebAssembly; nothing is loaded from elsewhere, and nothing elsewhere may look in. */
const HEADERS: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
};

const POLICY = [
  "default-src 'none'; base-uri 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
  "worker-src blob:; media-src blob:; img-src blob: data:; style-src 'self'",
].join('; ');

const PAGE_SCRIPT = `
import './weft-player.js';
const player = document.querySelector('weft-player');
const state = document.querySelector('#state');
let version = 0;
/** The next version, from where this one is. */
const load = (next) => {
  const { currentTime } = player;
  const playing = version === 0 || !player.paused || player.ended;
  version = next;
  player.src = 'film.weft?' + next;
  player.currentTime = currentTime;
  if (playing) player.play().catch(() => {});
};
if (state.dataset.growing !== undefined) {
  let latest = 0;
  const loadLatest = () => { if (latest > version) load(latest); };
  const events = new EventSource('events');
  events.onmessage = ({ data }) => {
    const told = JSON.parse(data);
    state.textContent = told.text;
    latest = told.version;
    // What is being watched is not interrupted: more of it comes at its end, or when it is played again.
    if (version === 0 || player.ended || player.error) loadLatest();
  };
  for (const event of ['ended', 'play']) player.addEventListener(event, loadLatest);
} else {
  player.src = 'film.weft';
}
player.focus();
`;

/**
 * Starts a server on the loopback address.
 *
 * @throws WeftError PLAYER_MISSING, SERVER_FAILED
 */
export async function startPlayServer(settings: PlaySettings): Promise<PlayServer> {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const desk = new PlayDesk(settings, `/${secret}/`, await playerBundle());
  const server = createServer((request, response) => void desk.answer(request, response));
  const { port } = await listening(server, settings.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}/${secret}/`,
    tell: (state) => desk.tell(state),
    left: (signal) => desk.left(signal),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Answers requests. */
class PlayDesk {
  readonly #settings: PlaySettings;
  readonly #root: string;
  readonly #texts: ReadonlyMap<string, readonly [type: string, text: string]>;
  readonly #viewers = new Set<ServerResponse>();
  #state: PlayState = { text: '', version: 0 };

  constructor(settings: PlaySettings, root: string, player: string) {
    this.#settings = settings;
    this.#root = root;
    this.#texts = new Map([
      ['', ['text/html', pageOf(settings)]],
      ['page.js', ['text/javascript', PAGE_SCRIPT]],
      ['page.css', ['text/css', PAGE_STYLE]],
      ['weft-player.js', ['text/javascript', player]],
    ]);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
    const name = pathname.startsWith(this.#root) ? pathname.slice(this.#root.length) : undefined;
    const known = name === undefined ? undefined : this.#texts.get(name);
    if (known) {
      response.setHeader('Content-Type', `${known[0]}; charset=utf-8`);
      response.setHeader('Content-Security-Policy', POLICY);
      response.end(known[1]);
    } else if (name === 'film.weft') {
      await this.#sendFilm(request, response, Number(search.slice(1)));
    } else if (name === 'events') {
      this.#addViewer(response);
    } else {
      response.writeHead(404).end();
    }
  }

  tell(state: PlayState): void {
    this.#state = state;
    for (const viewer of this.#viewers) viewer.write(eventOf(state));
  }

  async left(signal: AbortSignal): Promise<void> {
    while (this.#viewers.size > 0 && !signal.aborted)
      await setTimeout(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }

  async #sendFilm(request: IncomingMessage, response: ServerResponse, version: number): Promise<void> {
    const file = await this.#settings.film(version).catch(() => undefined);
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('Content-Type', 'video/weft');
    const options = {
      root: path.dirname(path.resolve(file)),
      dotfiles: 'allow',
      cacheControl: false,
    } as const;
    send(request, encodeURIComponent(path.basename(file)), options).pipe(response);
  }

  #addViewer(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(eventOf(this.#state));
    this.#viewers.add(response);
    response.on('close', () => this.#viewers.delete(response));
  }
}

function eventOf(state: PlayState): string {
  return `data: ${JSON.stringify(state)}\n\n`;
}

function pageOf({ title, growing, attributes }: PlaySettings): string {
  return (
    pageHead(title, '<link rel="stylesheet" href="page.css">\n<link rel="icon" href="data:,">\n') +
    `<main>${playerElement(title, 'controls autoplay', attributes)}</main>\n` +
    `<div id="state" role="status"${growing ? ' data-growing' : ''}></div>\n` +
    '<script type="module" src="page.js"></script>\n'
  );
}

function listening(server: Server, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(serverFailed(port, cause)));
    server.listen(port, '127.0.0.1', () => resolve(server.address() as AddressInfo));
  });
}

function serverFailed(port: number, cause: Error): WeftError {
  return new WeftError(`A server on port ${port} cannot be started: ${cause.message}.`, {
    code: 'SERVER_FAILED',
    hint: 'Give another port with --port, or none.',
    path: '--port',
    value: port,
    cause,
  });
}
