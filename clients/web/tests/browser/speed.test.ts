// What must not be felt: opening the app on a slow device, and scrolling and typing among ten
// thousand tasks. Held to the limits is the time on the processor, for the machine that runs tests
// may be busy with other things; what the clock said is printed beside it.

import type { BrowserContext } from 'playwright-core';
import { expect, test } from 'vitest';

import { device, open, openFor, useBrowser } from '../kit/browser.ts';
import { Person } from '../kit/person.ts';
import { scene } from '../kit/scene.ts';
import { type Work, workDuring } from '../kit/trace.ts';

useBrowser();

const SLOWER = 4;
const VISITS = 5;
/** So many at most if all before them were disturbed too much to tell. */
const MORE_VISITS = 25;
const LIMIT = 1_000;
/** What drops frames that one notices. */
const LONG = 50;
const told = ({ longest, longestOnClock }: Work) => `${longest} ms (${longestOnClock} ms on the clock)`;

/** Marks the moment at which the first task is there, and tells the test, which must not ask: that takes time, too. */
function markList(): void {
  const observer = new MutationObserver(() => {
    if (!document.querySelector('[data-task]')) return;
    observer.disconnect();
    performance.mark('list');
    console.debug('list');
  });
  observer.observe(document, { subtree: true, childList: true });
}

test('usable within a second, with a processor four times as slow', { timeout: 240_000 }, async () => {
  const { ada } = await scene();
  const kept = await device(ada, { worker: true });
  const first = await open(kept);
  await first.connection('live');
  await first.kept();
  await first.page.close();
  const visit = async (context: BrowserContext) => {
    const page = await context.newPage();
    await page.addInitScript(markList);
    const { untilMark } = await workDuring(page, async () => {
      const listed = page.waitForEvent('console', (message) => message.text() === 'list');
      await page.goto('/all', { waitUntil: 'commit' });
      await listed;
    }, 'list');
    await page.close();
    return untilMark;
  };
  for (const [name, context] of [['for the first time', () => device(ada)], ['again', () => kept]] as const) {
    const took: number[] = [];
    // Others on the machine only ever add to it, by the caches and cores that they share with the page,
    // so what a visit costs is what the least disturbed one took.
    const least = () => SLOWER * Math.min(...took);
    while (took.length < VISITS || (least() >= LIMIT && took.length < MORE_VISITS)) took.push(await visit(await context()));
    console.log(`Usable ${name} after ${took.join(', ')} ms of the processor: ${least()} ms on one ${SLOWER} times as slow.`);
    expect(least()).toBeLessThan(LIMIT);
  }
});

test('ten thousand tasks: scrolling and typing', { timeout: 120_000 }, async () => {
  const ada = new Person();
  const days = (ahead: number) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);
  await ada.addMany(
    Array.from({ length: 10_000 }, (_, at) => ({
      title: `Task number ${at} of many`,
      ...(at % 3 === 0 && { due: { date: days((at % 60) - 5) } }),
      ...(at % 4 === 0 && { labels: [`label-${at % 12}`] }),
      ...(at % 5 === 0 && { priority: 'high' as const }),
    })),
  );
  const before = Date.now();
  const app = await openFor(ada);
  await app.sees('Task number 0 of many');
  const listed = Date.now() - before;
  await app.connection('live');
  const opening = await workDuring(app.page, async () => {
    await app.page.reload();
    await app.sees('Task number 0 of many');
  });
  console.log(`10,000 tasks: listed in ${listed} ms; opened again from this device with ${opening.total} ms of the processor.`);
  await app.connection('live');

  const box = (await app.list.boundingBox())!;
  await app.page.mouse.move(box.x + 200, box.y + 300);
  const scroll = () =>
    workDuring(app.page, async () => {
      for (let turn = 0; turn < 40; turn++) await app.page.mouse.wheel(0, 400);
    });
  // As above: of several turns, the least disturbed.
  let scrolling = await scroll();
  for (let turn = 1; turn < 5 && scrolling.longest >= LONG; turn++) scrolling = await scroll();
  const type = async () => {
    await app.page.locator('#quick-add').fill('');
    await app.page.locator('#quick-add').focus();
    return workDuring(app.page, () => app.page.keyboard.type('call the dentist tomorrow at 9:00 @health'));
  };
  let typing = await type();
  for (let turn = 1; turn < 5 && typing.longest >= LONG; turn++) typing = await type();
  const adding = await workDuring(app.page, async () => {
    await app.add('one more');
    await app.sent();
  });
  const row = app.list.locator('[data-task]').first();
  const title = await row.locator('.row__title').textContent();
  const completing = await workDuring(app.page, async () => {
    await row.getByRole('checkbox').click();
    await app.misses(title!);
  });
  console.log(`Longest task of the page with 10,000 tasks: scrolling ${told(scrolling)}, typing ${told(typing)}, adding ${told(adding)}, completing ${told(completing)}.`);
  expect(scrolling.longest).toBeLessThan(LONG);
  expect(typing.longest).toBeLessThan(LONG);
});
