// axe-core on every view, in light and dark, on wide and narrow screens: it must find nothing.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { expect, test } from 'vitest';

import { type App, device, open, useBrowser } from '../kit/browser.ts';
import { scene } from '../kit/scene.ts';
import { everyState, settled } from '../kit/views.ts';

useBrowser();

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** A menu is no landmark and needs none around it: it has the focus while it is there. */
const MENU_OPEN = { region: { enabled: false } };

async function examine({ page }: App): Promise<string[]> {
  await page.evaluate(AXE);
  const rules = (await page.getByRole('menu').count()) ? MENU_OPEN : {};
  const { violations } = await page.evaluate(
    (options) => (window as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run(options),
    { runOnly: TAGS, rules, resultTypes: ['violations'] },
  );
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary ?? ''}`));
}

test.each([
  { colorScheme: 'light', width: 1280, height: 800 },
  { colorScheme: 'dark', width: 375, height: 740 },
] as const)('every view passes: $colorScheme, $width px', { timeout: 120_000 }, async ({ colorScheme, width, height }) => {
  const shown = await scene();
  const context = await device(shown.ada, { colorScheme, viewport: { width, height } });
  const found: Record<string, string[]> = {};
  let states = 0;
  await everyState(context, shown, async (app, name) => {
    states++;
    const faults = await examine(app);
    if (faults.length) found[name] = faults;
  });
  const door = await open(await device(null, { colorScheme, viewport: { width, height } }), '/');
  await door.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await settled(door);
  const faults = await examine(door);
  if (faults.length) found['sign-in'] = faults;
  console.log(`axe-core, ${colorScheme}, ${width} px: ${Object.values(found).flat().length} findings in ${states + 1} states.`);
  expect(found).toEqual({});
});
