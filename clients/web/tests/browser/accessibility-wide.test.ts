// axe-core on every state of the app on wide screens. The other file has the others, since the two take
// longest and run side by side.

import { test } from 'vitest';

import { everyStatePasses } from '../kit/accessibility.ts';
import { useBrowser } from '../kit/browser.ts';

useBrowser();

test.each([
  { colorScheme: 'light', width: 1280, height: 800 },
  { colorScheme: 'dark', width: 1280, height: 800 },
] as const)('every state passes: $colorScheme, $width px', { timeout: 240_000 }, everyStatePasses);
