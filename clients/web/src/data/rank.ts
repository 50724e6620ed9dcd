// Places in the user's order that hold until the server has chosen the real ones. The server's
// ranks are hexadecimal texts compared byte by byte; these sort among them and behind them.

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz';
const value = (text: string, at: number) => (at < text.length ? DIGITS.indexOf(text[at]!) : 0);

/** A text between two others; without `upper`, after `lower`. Neither may end in 0 alone. */
export function rankBetween(lower: string, upper: string | undefined): string {
  let out = '';
  for (let at = 0; ; at++) {
    const low = value(lower, at);
    const high = upper === undefined || at >= upper.length ? DIGITS.length : value(upper, at);
    if (high - low > 1) return out + DIGITS[(low + high) >> 1]!;
    out += DIGITS[low]!;
    // One apart: whatever follows the lower digit stays below the upper bound.
    if (high !== low) upper = undefined;
  }
}

/** After all that the server has placed, in the order of the writes that ask for it. */
export const rankAtEnd = (writeId: string) => `g${writeId.replaceAll('-', '')}i`;
