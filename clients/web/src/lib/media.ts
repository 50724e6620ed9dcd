/** Follows a media query. */
import { useCallback, useSyncExternalStore } from "react";

export function useMedia(query: string): boolean {
  const subscribe = useCallback((listener: () => void) => {
    const list = matchMedia(query);
    list.addEventListener("change", listener);
    return () => list.removeEventListener("change", listener);
  }, [query]);
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** Below this the detail panel covers the list instead of standing beside it. */
export const useBeside = () => useMedia("(min-width: 1080px)");
/** Below this the side bar is a drawer. */
export const useWide = () => useMedia("(min-width: 800px)");
