// Detects that the network or the page is back, or that the network is gone.

/** Returns a function that stops listening. */
export function onWake(wake: () => void): () => void {
  const shown = () => {
    if (document.visibilityState === 'visible') wake();
  };
  const listeners = [
    [globalThis, 'online', wake],
    [globalThis, 'offline', wake],
    [globalThis.document, 'visibilitychange', shown],
  ] as const;
  // Node has neither event.
  for (const [target, event, listener] of listeners) target?.addEventListener?.(event, listener);
  return () => {
    for (const [target, event, listener] of listeners) target?.removeEventListener?.(event, listener);
  };
}
