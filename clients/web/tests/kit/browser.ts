// Chromium as the tests use it: one for each file, a context for each device, and pages whose faults
// fail the test. Nothing waits for time to pass, only for what is to be seen.

import { type Browser, type BrowserContext, type BrowserContextOptions, type Locator, type Page, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, onTestFinished } from 'vitest';

import { Member } from './member.ts';
import type { Person } from './person.ts';

const ARGS = ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

let browser: Browser;

/** To be called at the top of a file. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium-headless-shell', args: ARGS });
  });
  afterAll(() => browser.close());
}

export interface DeviceOptions extends BrowserContextOptions {
  /** Where the server is, if not where all tests have it. */
  url?: string;
  token?: string;
  /** The app is to be kept on the device, as it is outside of tests. */
  worker?: boolean;
}

/** A browser of its own, in which this person is signed in. */
export async function device(person: Person | null, options: DeviceOptions = {}): Promise<BrowserContext> {
  const { url = inject('url'), token, worker = false, ...rest } = options;
  const remembered = person && !(person instanceof Member) && JSON.stringify({ user: { id: person.id, name: person.name }, by: 'token', token: token ?? person.token() });
  const context = await browser.newContext({
    baseURL: url,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    viewport: { width: 1200, height: 800 },
    reducedMotion: 'reduce',
    serviceWorkers: worker ? 'allow' : 'block',
    ...(remembered && { storageState: { cookies: [], origins: [{ origin: url, localStorage: [{ name: 'taskwire.session', value: remembered }] }] } }),
    ...rest,
  });
  if (person instanceof Member) await context.addCookies([{ ...person.cookie, url }]);
  context.setDefaultTimeout(15_000);
  onTestFinished(() => context.close());
  return context;
}

/** What is said on the console although all is well: a request that was answered with a problem, or not at all. */
const HARMLESS = /Failed to load resource|WebSocket connection to|ERR_|net::/;

/** A page of the app. */
export async function open(context: BrowserContext, path = '/all'): Promise<App> {
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !HARMLESS.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') faults.push(`a request to ${request.url()}`);
  });
  onTestFinished(() => expect(faults).toEqual([]));
  await page.goto(path);
  return new App(page);
}

export const openFor = async (person: Person, path?: string, options?: DeviceOptions) => open(await device(person, options), path);

export async function signOut({ page }: App): Promise<void> {
  await page.getByRole('button', { name: /Account and settings/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
}

/** The app on a page, in the words of a person who uses it. */
export class App {
  constructor(readonly page: Page) {}

  get list(): Locator {
    return this.page.getByTestId('list');
  }

  /** The row of the task with this title. */
  row(title: string | RegExp): Locator {
    const link = typeof title === 'string' ? this.page.getByRole('link', { name: title, exact: true }) : this.page.getByRole('link', { name: title });
    return this.list.getByRole('row').filter({ has: link });
  }

  /** The titles in the list, from top to bottom. */
  async titles(): Promise<string[]> {
    const rows = await this.list.locator('[data-task]').evaluateAll((all) =>
      all
        .map((row) => ({ top: row.getBoundingClientRect().top, title: row.querySelector('.row__title')?.textContent ?? '' }))
        .sort((a, b) => a.top - b.top)
        .map(({ title }) => title),
    );
    return rows;
  }

  sees(title: string | RegExp): Promise<void> {
    return this.row(title).waitFor();
  }

  misses(title: string | RegExp): Promise<void> {
    return this.row(title).waitFor({ state: 'detached' });
  }

  /** Adds a task by the line above the list. */
  async add(text: string): Promise<void> {
    const line = this.page.locator('#quick-add');
    await line.fill(text);
    await line.press('Escape');
    await line.fill(text);
    await line.press('Enter');
  }

  async connection(state: 'live' | 'offline'): Promise<void> {
    await this.page.locator(`[data-testid=connection][data-state-of-connection=${state}]`).first().waitFor({ state: 'attached' });
  }

  /** Everything has been sent: no row is marked as waiting. */
  async sent(): Promise<void> {
    await this.connection('live');
    await expect.poll(() => this.page.getByText('Waits to be sent').count(), { timeout: 15_000 }).toBe(0);
  }

  /** The app is on the device: its worker has it, and answers for it. */
  async kept(): Promise<void> {
    await this.page.waitForFunction(() => navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null));
  }

  async undo(): Promise<void> {
    await this.page.getByRole('button', { name: 'Undo', exact: true }).first().click();
  }

  async undoByKey(): Promise<void> {
    await this.page.keyboard.press('Control+z');
  }
}
