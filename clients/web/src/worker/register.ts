// Has the app kept on this device. Only the built app is; while it is developed, every reload shows
// what was just written.

/** After the page has loaded, so that what it needs first does not wait for what it needs later. */
export function keepOnDevice(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const register = () => {
    navigator.serviceWorker.register('/worker.js').catch((error: unknown) => console.warn('taskwire: the app is not kept for use offline', error));
  };
  if (document.readyState === 'complete') register();
  else addEventListener('load', register, { once: true });
}
