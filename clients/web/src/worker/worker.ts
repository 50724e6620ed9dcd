// The service worker: keeps the built app on this device, so that it opens without a network. It
// holds files only; the user's data is in IndexedDB, and nothing of the API passes through here.

/** The part of a worker's surroundings that is used here; the page's own types are in force. */
interface WorkerScope {
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
}
interface Lasting {
  waitUntil(promise: Promise<unknown>): void;
}
interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

const worker = self as unknown as WorkerScope;

export {};

/** All files of this build, and a name for exactly these; the build puts both in. */
declare const __FILES__: readonly string[];
declare const __BUILD__: string;

const PREFIX = 'taskwire-app:';
const CACHE = PREFIX + __BUILD__;
const PAGE = '/';
/** The app's own pages, as the router and the server (`src/api/web.rs`) know them. All else, such as /docs/, is left to the network. */
const VIEWS = /^\/(?:(?:today|upcoming|overdue|all|completed|trash|search)?|(?:project|label)\/[^/]+)$/;
/** How long the network may take to bring the page before the kept one is shown. */
const PATIENCE = 3_000;

worker.addEventListener('install', (event) => {
  event.waitUntil(install().then(() => worker.skipWaiting()));
});

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  // Names with hashes say what is in them; the others have to be asked for anew.
  await Promise.all(
    [PAGE, ...__FILES__].map(async (file) => {
      const answer = await fetch(new Request(file, { cache: file.startsWith('/assets/') ? 'default' : 'no-cache' }));
      if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
      await cache.put(file, answer);
    }),
  );
}

worker.addEventListener('activate', (event) => {
  event.waitUntil(tidy().then(() => worker.clients.claim()));
});

/** Keeps the build before this one: pages that are still open may have parts of it to load. */
async function tidy(): Promise<void> {
  const mine = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(mine.slice(0, -1).map((name) => caches.delete(name)));
}

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') {
    if (VIEWS.test(url.pathname)) event.respondWith(page(request));
  } else if (__FILES__.includes(url.pathname) || url.pathname.startsWith('/assets/')) {
    event.respondWith(file(request, url.pathname));
  }
});

/** The page as the server has it now, or the kept one when that cannot be had soon. */
async function page(request: Request): Promise<Response> {
  const kept = await caches.open(CACHE).then((cache) => cache.match(PAGE));
  if (!kept) return fetch(request);
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(kept), PATIENCE));
  const fetched = fetch(request).then(
    (answer) => (answer.status < 500 ? answer : kept),
    () => kept,
  );
  return Promise.race([fetched, late]);
}

async function file(request: Request, path: string): Promise<Response> {
  const kept = await caches.open(CACHE).then((cache) => cache.match(path));
  // What is not of this build may be of the one before, for a page that is still open.
  return kept ?? (await caches.match(path)) ?? fetch(request);
}
