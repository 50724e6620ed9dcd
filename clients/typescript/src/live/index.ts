// The entry point of the live channel. The build bundles it with its reconnecting socket.

export { connectLive } from './connection.js';
export {
  LiveError,
  type LiveConnection,
  type LiveOptions,
  type LiveState,
  type ResetReason,
  type TokenRequest,
  type WebSocketLike,
} from './options.js';
export type { Change, Position } from '../generated/types.gen.js';
