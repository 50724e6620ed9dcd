// Looks at every state of the app with axe-core, on a screen of one size: it must find nothing, and
// nothing may stand where it cannot be reached.

import { expect } from 'vitest';

import { cutOff, examine } from './axe.ts';
import { type App, device } from './browser.ts';
import { scene } from './scene.ts';
import { emptyStates, everyState } from './views.ts';

export interface Screen {
  colorScheme: 'light' | 'dark';
  width: number;
  height: number;
}

export async function everyStatePasses({ colorScheme, width, height }: Screen): Promise<void> {
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
}
