// Stands around all views: finds out who is signed in, keeps the clock going, and the app on this
// device.

import { type ReactNode, useEffect } from 'react';

import { keepOnDevice } from '../worker/register.ts';
import { startClock } from './clock.ts';
import { startSession } from './session.ts';

export function DataProvider({ children }: { children: ReactNode }): ReactNode {
  useEffect(() => {
    startClock();
    startSession();
    keepOnDevice();
  }, []);
  return children;
}
