// The URL and the subprotocol of a user's channel.

import { LIVE_PATH } from '../generated/contract.gen.js';

export const SUBPROTOCOL = 'taskwire.v1';

export function liveUrl(baseUrl: string, userId: string): string {
  const path = LIVE_PATH.replace('{user_id}', encodeURIComponent(userId));
  // A relative URL is resolved against the page, if there is one.
  const url = new URL(baseUrl.replace(/\/$/, '') + path, globalThis.location?.href);
  return url.href.replace(/^http/, 'ws');
}
