// What the settings show of the account: where it is signed in, and its API tokens.

import { createApiToken, revokeApiToken as revokeRequest, type ApiToken, type CreateApiToken, type CreatedApiToken } from '@taskwire/client';
import { listApiTokensOptions, listApiTokensQueryKey } from '@taskwire/client/react-query';
import { useQuery } from '@tanstack/react-query';

import { useEngine } from './hooks.ts';
import { must } from './http.ts';
import { queries, shown, user } from './query-client.ts';
import * as accounts from './session/accounts.ts';
import type { SignedInDevice } from './types.ts';

export function useDevices(): { devices: readonly SignedInDevice[] | undefined; error: Error | null } {
  const id = useEngine()?.user ?? '';
  const { data, error } = useQuery({ queryKey: ['devices', id], queryFn: accounts.devices, enabled: Boolean(id), staleTime: 0 }, queries);
  return { devices: data, error };
}

const devicesChanged = () => queries.invalidateQueries({ queryKey: ['devices'] });

export async function signOutDevice(token: string): Promise<void> {
  await accounts.revoke(token);
  await devicesChanged();
}

export async function signOutOtherDevices(): Promise<void> {
  await accounts.revokeOthers();
  await devicesChanged();
}

export function useApiTokens(): { tokens: readonly ApiToken[] | undefined; error: Error | null } {
  const id = useEngine()?.user ?? '';
  const { data, error } = useQuery({ ...listApiTokensOptions({ path: { user_id: id } }), enabled: Boolean(id), staleTime: 0 }, queries);
  return { tokens: data?.tokens, error: shown(error) };
}

const tokensChanged = () => queries.invalidateQueries({ queryKey: listApiTokensQueryKey({ path: { user_id: user() } }) });

/** The answer has the token itself, which is told this once. */
export async function addApiToken(body: CreateApiToken): Promise<CreatedApiToken> {
  const created = await must(createApiToken({ path: { user_id: user() }, body }));
  await tokensChanged();
  return created;
}

export async function revokeApiToken(id: string): Promise<void> {
  await must(revokeRequest({ path: { user_id: user(), token_id: id } }));
  await tokensChanged();
}
