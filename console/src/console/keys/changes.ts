// Asks the server about changes of the key file: what they would do, and to do them.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDebouncedValue } from '@mantine/hooks';
import { request } from '../api/client';
import type { Draft, Preview } from '../api/types';
import { bodyOf, complete, type Kind } from './draft';

/** As GET /admin/keys/suggestions lists them. */
export interface Suggestion { column: string; references: string; evidence: string; named: boolean; indexed: boolean }

/** What is to be done: add an entry, replace it, or remove it. */
export type Change = { kind: Kind; draft: Draft; entry: string | null } | { entry: string; remove: true };

export const tried = (change: Change, signal?: AbortSignal) => send<Preview>(change, '?dry_run=true', { signal });

/** Is refused with 409 when the file has changed since `revision`. */
export const done = (change: Change, revision: string) => send<{ entry: string | null; revision: string }>(change, '', { revision });

function send<T>(change: Change, query: string, options: { signal?: AbortSignal; revision?: string }) {
  if ('remove' in change) return request<T>(`/admin/keys/${change.entry}${query}`, { method: 'DELETE', ...options });
  const { kind, entry } = change;
  const draft = bodyOf(change.draft);
  return entry
    ? request<T>(`/admin/keys/${entry}${query}`, { method: 'PATCH', body: { draft }, ...options })
    : request<T>(`/admin/keys${query}`, { method: 'POST', body: { kind, draft }, ...options });
}

/**
 * What saving the draft would do, asked when typing pauses. `preview` stays the former one while the new one is on its way;
 * `fresh` tells whether it is of this very draft.
 */
export function usePreview(kind: Kind, draft: Draft, entry: string | null, revision: string) {
  const [settled] = useDebouncedValue(draft, 400);
  const enabled = complete(kind, settled);
  const asked = useQuery({
    queryKey: ['preview', entry, kind, bodyOf(settled), revision],
    queryFn: ({ signal }) => tried({ kind, draft: settled, entry }, signal),
    enabled,
    retry: false,
    gcTime: 60_000,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
  return {
    preview: complete(kind, draft) ? asked.data ?? null : null,
    error: asked.error,
    fresh: settled === draft && enabled && asked.isSuccess && !asked.isPlaceholderData && !asked.isFetching,
    again: asked.refetch,
  };
}

/** What removing an entry would do. */
export const useRemoval = (entry: string | null, revision: string) => useQuery({
  queryKey: ['preview', 'remove', entry, revision],
  queryFn: ({ signal }) => tried({ entry: entry!, remove: true }, signal),
  enabled: entry !== null,
  retry: false,
  gcTime: 0,
});

/** Takes seconds, so it is asked for by hand. */
export const useSuggestions = (enabled: boolean) => useQuery({
  queryKey: ['suggestions'],
  queryFn: async ({ signal }) => (await request<{ suggestions: Suggestion[] }>('/admin/keys/suggestions', { signal })).suggestions,
  enabled,
  retry: false,
  staleTime: 60_000,
  refetchOnWindowFocus: false,
});
