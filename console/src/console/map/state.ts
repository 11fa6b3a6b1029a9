// The map's state in the address: what is picked out, and what is shown.
import { useMemo } from 'react';
import { useLocation } from 'wouter';
import { useSearch } from '../parts/search-params';

export interface MapState {
  table: string | null;
  key: string | null;
  hidden: ReadonlySet<string>;
  virtualOnly: boolean;
  allColumns: boolean;
}

export type Change = Partial<MapState>;

export function useMapState(): [MapState, (change: Change) => void] {
  const search = useSearch();
  const [, go] = useLocation();
  const state = useMemo(() => read(search), [search]);
  // A pick is a step that Back undoes; a filter is not.
  const change = (change: Change) => go(`/map${written({ ...state, ...change })}`, { replace: !('table' in change || 'key' in change) });
  return [state, change];
}

function read(search: string): MapState {
  const params = new URLSearchParams(search);
  return {
    table: params.get('table'),
    key: params.get('key'),
    hidden: new Set(params.getAll('hide')),
    virtualOnly: params.get('keys') === 'virtual',
    allColumns: params.get('columns') === 'all',
  };
}

function written({ table, key, hidden, virtualOnly, allColumns }: MapState): string {
  const params = new URLSearchParams();
  if (table) params.set('table', table);
  if (key) params.set('key', key);
  for (const source of hidden) params.append('hide', source);
  if (virtualOnly) params.set('keys', 'virtual');
  if (allColumns) params.set('columns', 'all');
  return params.size ? `?${params}` : '';
}
