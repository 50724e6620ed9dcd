// What axe-core finds in a page as it stands, and what of it reaches beyond the window.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { AxeResults } from 'axe-core';

import type { App } from './browser.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** A menu is no landmark and needs none around it: it has the focus while it is there. */
const MENU_OPEN = { region: { enabled: false } };

export async function examine({ page }: App): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const rules = (await page.getByRole('menu').count()) ? MENU_OPEN : {};
  const { violations } = await page.evaluate(
    (options) => (window as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run(options),
    { runOnly: TAGS, rules, resultTypes: ['violations'] },
  );
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary ?? ''}`));
}

/** Controls that stand beyond the sides of the window, where nobody can reach them. */
export function cutOff({ page }: App): Promise<string[]> {
  return page.evaluate(() => {
    const controls = [...document.querySelectorAll<HTMLElement>('button, a, input, select, textarea, [role=tab], [role=option]')];
    const beyond = controls.filter((control) => {
      const { left, right, width, height } = control.getBoundingClientRect();
      const seen = width > 1 && height > 1 && control.checkVisibility({ visibilityProperty: true });
      return seen && (left < -1 || right > innerWidth + 1);
    });
    return beyond.map((control) => `beyond the window: ${control.outerHTML.slice(0, 120)}`);
  });
}
