// Stands around all views: finds out who is signed in, and gives queries their client. Another
// user's answers are never looked at again.

import { QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';

import { startClock } from './clock.ts';
import { useEngine } from './hooks.ts';
import { queries, refreshSoon } from './queries.ts';
import { startSession } from './session.ts';
import { keepOnDevice } from '../worker/register.ts';

export function DataProvider({ children }: { children: ReactNode }): ReactNode {
  const engine = useEngine();
  useEffect(() => {
    startClock();
    startSession();
    keepOnDevice();
  }, []);
  useEffect(() => engine?.changed.subscribe(refreshSoon), [engine]);
  const user = engine?.user;
  useEffect(() => () => queries.clear(), [user]);
  return <QueryClientProvider client={queries}>{children}</QueryClientProvider>;
}
