// What views ask of the server, kept and shared by TanStack Query.
import { QueryClient, useQuery } from '@tanstack/react-query';
import { ApiError, request } from './client';
import { withPlainTargets } from './paths';
import type { Audit, Catalog, Health, KeyFile, Table, Transactions } from './types';

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: true,
      // What the server refuses it will refuse again.
      retry: (times, error) => times < 2 && !(error instanceof ApiError && error.status > 0 && error.status < 500),
    },
  },
});

export const useCatalog = () => useQuery({
  queryKey: ['catalog'],
  queryFn: async ({ signal }) => withPlainTargets(await request<Catalog>('/catalog', { signal })),
});

export const useKeyFile = () => useQuery({ queryKey: ['keys'], queryFn: ({ signal }) => request<KeyFile>('/admin/keys', { signal }) });

export const useAudit = () => useQuery({
  queryKey: ['audit'],
  queryFn: ({ signal }) => request<Audit>('/admin/audit', { signal }),
  refetchInterval: ({ state }) => (state.data?.state === 'running' ? 500 : false),
});

export const useHealth = () => useQuery({
  queryKey: ['health'],
  queryFn: ({ signal }) => request<Health>('/admin/sources', { signal }),
  refetchInterval: 5_000,
});

export const useTransactions = () => useQuery({
  queryKey: ['transactions'],
  queryFn: async ({ signal }) => {
    const { resource, unknown = [] } = await request<Partial<Transactions> & Pick<Transactions, 'resource'>>('/admin/transactions', { signal });
    return { resource, unknown };
  },
  refetchInterval: 5_000,
});

/** After a change of the key file: everything is asked anew. */
export const forgetAll = () => client.invalidateQueries();

export const tableOf = (catalog: Catalog, id: string): Table | undefined => catalog.tables.find((table) => table.id === id);
