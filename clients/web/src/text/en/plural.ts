/** Numbers, plurals and lists as English has them. */
const plural = new Intl.PluralRules("en");
const ordinal = new Intl.PluralRules("en", { type: "ordinal" });
const SUFFIXES: Partial<Record<Intl.LDMLPluralRule, string>> = { one: "st", two: "nd", few: "rd" };

export const number = new Intl.NumberFormat("en");
export const list = new Intl.ListFormat("en", { style: "long", type: "conjunction" });

export function count(size: number, one: string, other: string): string {
  return `${number.format(size)} ${plural.select(size) === "one" ? one : other}`;
}

export const tasks = (size: number) => count(size, "task", "tasks");
export const nth = (value: number) => `${value}${SUFFIXES[ordinal.select(value)] ?? "th"}`;
