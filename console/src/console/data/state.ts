// What is shown of a table, as the address has it.
import { useCallback, useMemo } from 'react';
import type { Table } from '../api/types';
import { useSearchParams } from '../parts/search-params';
import { parseFilter, printFilter, type Filter } from './filter';
import { readPath, words, writePath } from './words';

export interface Order {
  /** A column, behind relationships to one row each. */
  path: string[];
  descending: boolean;
}

/** Where a page begins: behind or before a row, or at a place by number. */
export type Place = { after: string } | { before: string } | { last: true } | { offset: number } | null;

export interface ViewState {
  filter: Filter;
  order: Order[];
  /** Columns, and `*name` for relationships, in this order; null: all. */
  shown: string[] | null;
  size: number;
  place: Place;
  /** What the address asks and nobody understands. Rows are not shown as if it had not been asked. */
  odd?: string;
}

export const SIZES = [10, 25, 50, 100, 250];
const SIZE = 25;

export const EMPTY: ViewState = { filter: [], order: [], shown: null, size: SIZE, place: null };

/** The address's part behind `?`: `filter=country+eq+DE&order=-last_name+id&columns=id+email+*customers&size=50&after=…`. */
export function readState(params: URLSearchParams): ViewState {
  const columns = params.get('columns');
  const size = Number(params.get('size'));
  const text = params.get('filter') ?? '';
  const filter = parseFilter(text);
  return {
    filter,
    ...(words(text).length === words(printFilter(filter)).length ? {} : { odd: `filter ${text}` }),
    order: readOrder(params.get('order')),
    shown: columns === null ? null : words(columns).map((word) => (word.startsWith('*') ? `*${readPath(word.slice(1))[0]}` : readPath(word)[0]!)),
    size: Number.isInteger(size) && size > 0 ? Math.min(size, 1000) : SIZE,
    place: readPlace(params),
  };
}

export function writeState(state: ViewState, params = new URLSearchParams()): URLSearchParams {
  const set = (name: string, value: string | null) => (value === null || value === '' ? params.delete(name) : params.set(name, value));
  set('filter', printFilter(state.filter));
  set('order', printOrder(state.order));
  set('columns', state.shown && state.shown.map((name) => (name.startsWith('*') ? `*${writePath([name.slice(1)])}` : writePath([name]))).join(' '));
  set('size', state.size === SIZE ? null : String(state.size));
  const { place } = state;
  set('after', place && 'after' in place ? place.after : null);
  set('before', place && 'before' in place ? place.before : null);
  set('last', place && 'last' in place ? '1' : null);
  set('offset', place && 'offset' in place && place.offset > 0 ? String(place.offset) : null);
  return params;
}

export const readOrder = (text: string | null): Order[] => words(text ?? '').map((word) => {
  const descending = word.startsWith('-');
  return { path: readPath(descending ? word.slice(1) : word), descending };
});

export const printOrder = (order: Order[]) => order.map(({ path, descending }) => (descending ? '-' : '') + writePath(path)).join(' ');

function readPlace(params: URLSearchParams): Place {
  const after = params.get('after');
  if (after) return { after };
  const before = params.get('before');
  if (before) return { before };
  if (params.has('last')) return { last: true };
  const offset = Number(params.get('offset'));
  return Number.isInteger(offset) && offset > 0 ? { offset } : null;
}

/**
 * The state that the address holds, and how to change it. A change of what is shown, or in which order, begins at the first page.
 * Names that the table does not have are passed over.
 */
export function useViewState(table: Table | undefined): [ViewState, (change: Partial<ViewState>, replace?: boolean) => void] {
  const [params, setParams] = useSearchParams();
  const text = params.toString();
  const state = useMemo(() => known(readState(new URLSearchParams(text)), table), [text, table]);
  const change = useCallback((changed: Partial<ViewState>, replace = false) => {
    setParams((before) => {
      const old = readState(before);
      const restarts = 'filter' in changed || 'order' in changed || 'size' in changed;
      return writeState({ ...old, ...(restarts ? { place: null } : {}), ...changed }, new URLSearchParams(before));
    }, { replace, state: history.state as unknown });
  }, [setParams]);
  return [state, change];
}

function known(state: ViewState, table: Table | undefined): ViewState {
  if (!table) return state;
  const shown = state.shown?.filter((name) => (name.startsWith('*')
    ? table.relationships.some((one) => one.name === name.slice(1)) : table.columns.some((one) => one.name === name)));
  const order = state.order.filter(({ path }) => path.length > 1 || table.columns.some((one) => one.name === path[0]));
  const lost = state.order.length === order.length ? {} : { odd: `order ${printOrder(state.order)}` };
  return { ...state, ...lost, order, shown: shown?.length ? shown : null };
}
