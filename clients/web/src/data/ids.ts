// Ids of the client's own choice: UUIDv7, which sort by time. Within one page each is larger than
// all before, also when the clock is turned back, because the outbox is sent in their order.

let last = 0n;

/** A new id, larger than every id that this page has made or seen. */
export function newId(): string {
  const random = crypto.getRandomValues(new Uint8Array(10));
  // 48 bits of milliseconds and 12 of a counter that starts low enough to have room.
  const now = (BigInt(Date.now()) << 12n) | BigInt(((random[0]! & 0x07) << 8) | random[1]!);
  last = now > last ? now : last + 1n;
  const head = last.toString(16).padStart(15, '0');
  const tail = [...random.subarray(2)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const variant = ((parseInt(tail[0]!, 16) & 0x3) | 0x8).toString(16);
  return `${head.slice(0, 8)}-${head.slice(8, 12)}-7${head.slice(12)}-${variant}${tail.slice(1, 4)}-${tail.slice(4)}`;
}

/** Takes note of an id made earlier, by this page before a reload or by another one. */
export function sawId(id: string): void {
  const seen = BigInt(`0x${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(15, 18)}`);
  if (seen > last) last = seen;
}
