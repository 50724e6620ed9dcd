// axe-core on every state of the app, in light and dark, on wide and narrow screens: it must find
// nothing, and nothing may stand where it cannot be reached.

import { expect, test } from 'vitest';

import { cutOff, examine } from '../kit/axe.ts';
import { type App, device, useBrowser } from '../kit/browser.ts';
import { scene } from '../kit/scene.ts';
import { emptyStates, everyState } from '../kit/views.ts';

useBrowser();

test.each([
  { colorScheme: 'light', width: 1280, height: 800 },
  { colorScheme: 'dark', width: 375, height: 740 },
  { colorScheme: 'light', width: 320, height: 568 },
  { colorScheme: 'dark', width: 1280, height: 800 },
] as const)('every state passes: $colorScheme, $width px', { timeout: 240_000 }, async ({ colorScheme, width, height }) => {
  const options = { colorScheme, viewport: { width, height } };
  const found: Record<string, string[]> = {};
  let states = 0;
  const look = async (app: App, name: string) => {
    states++;
    const faults = [...(await examine(app)), ...(await cutOff(app))];
    if (faults.length) found[name] = faults;
  };
  const shown = await scene();
  await everyState(await device(shown.ada, options), shown, look);
  await emptyStates(options, look);
  console.log(`axe-core, ${colorScheme}, ${width} px: ${Object.values(found).flat().length} findings in ${states} states.`);
  expect(found).toEqual({});
});
