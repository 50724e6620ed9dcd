// axe-core on every state of the app on narrow screens. The other file has the others, since the two take
// longest and run side by side.

import { test } from 'vitest';

import { everyStatePasses } from '../kit/accessibility.ts';
import { useBrowser } from '../kit/browser.ts';

useBrowser();

test.each([
  { colorScheme: 'dark', width: 375, height: 740 },
  { colorScheme: 'light', width: 320, height: 568 },
] as const)('every state passes: $colorScheme, $width px', { timeout: 240_000 }, everyStatePasses);
