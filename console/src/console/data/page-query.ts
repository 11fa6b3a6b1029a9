// One page of rows: by cursor where the order has cursors, else by its place; without other tables where one of them is away.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ApiError, graphql, refusal, request } from '../api/client';
import { addressOf, tablePath } from '../api/rest';
import type { Catalog, JsonObject, Table } from '../api/types';
import { connectionText, hasCursors, listText } from './to-graphql';
import { restFilter, restOrder } from './to-rest';
import { shownFields } from './fields';
import { resolveCondition } from './filter';
import { rowOfNode, rowOfRecord, type Row } from './rows';
import type { Place, ViewState } from './state';

export interface Page {
  rows: Row[];
  /** Null where nobody could count them. */
  total: number | null;
  /** The number of the first row, where it is known. */
  from: number | null;
  first: boolean;
  previous: Place | undefined;
  next: Place | undefined;
  last: Place | undefined;
  /** Why relationships are missing. */
  partial: ApiError | null;
}

/** Begins the query keys of all that is read of a table's rows. */
export const ROWS = 'rows';

export function useRows(catalog: Catalog, table: Table, state: ViewState) {
  const columns = shownFields(table, state).map(({ id }) => id);
  return useQuery({
    queryKey: [ROWS, table.id, catalog.revision, state.filter, state.order, state.size, state.place, state.odd, columns],
    queryFn: ({ signal }) => readPage(catalog, table, state, signal),
    placeholderData: (before, query) => (query?.queryKey[1] === table.id ? keepPreviousData(before) : undefined),
  });
}

/** A filter that is not understood would otherwise show, and let be deleted, all rows. */
function refuseOdd(catalog: Catalog, table: Table, { filter, odd }: ViewState) {
  const lost = filter.flat().find((condition) => !resolveCondition(catalog, table, condition));
  const what = odd ?? (lost && `filter on ${lost.path.join('.')}`);
  if (what) throw refusal(`${table.id} has nothing that is meant by the ${what}`, 'take it away, or choose a column that is there');
}

async function readPage(catalog: Catalog, table: Table, state: ViewState, signal: AbortSignal): Promise<Page> {
  refuseOdd(catalog, table, state);
  let partial: ApiError | null = null;
  for (const without of [() => [], () => named(catalog, table, partial), () => catalog.sources.map(({ name }) => name)]) {
    try {
      return { ...(await pageOf(catalog, table, state, without(), signal)), partial };
    } catch (error) {
      if (!(error instanceof ApiError) || !['SOURCE_UNAVAILABLE', 'BUDGET_EXCEEDED'].includes(error.reason)) throw error;
      partial = error;
    }
  }
  throw partial!;
}

/** The sources of which an error tells; all others than the table's own where it names none. */
function named(catalog: Catalog, table: Table, error: ApiError | null): string[] {
  const others = catalog.sources.map(({ name }) => name).filter((name) => name !== table.source);
  const found = others.filter((name) => error?.message.includes(`\`${name}\``));
  return found.length ? found : others;
}

type Plain = Omit<Page, 'partial'>;

async function pageOf(catalog: Catalog, table: Table, state: ViewState, without: string[], signal: AbortSignal): Promise<Plain> {
  if (!table.graphql) return restPage(catalog, table, state, signal);
  if (!hasCursors(catalog, table, state) || placed.has(orderKey(table, state))) return listPage(catalog, table, state, without, signal);
  try {
    return await connectionPage(catalog, table, state, without, signal);
  } catch (error) {
    // Columns that are ordered by other rules than they are compared by have no cursors, and their types do not tell all of them.
    if (!(error instanceof ApiError) || error.reason !== 'INVALID_REQUEST' || !state.order.length || state.place) throw error;
    const page = await listPage(catalog, table, state, without, signal);
    placed.add(orderKey(table, state));
    return page;
  }
}

/** Orders of which it is known that they have no cursors. */
const placed = new Set<string>();

const orderKey = (table: Table, { order }: ViewState) => JSON.stringify([table.id, order]);

interface Connection {
  totalCount: number | null;
  edges: { cursor: string; node: JsonObject }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

async function connectionPage(catalog: Catalog, table: Table, state: ViewState, without: string[], signal: AbortSignal): Promise<Plain> {
  const answer = await graphql<Record<string, Connection>>(connectionText(catalog, table, state, without), undefined, signal);
  const { edges, pageInfo, totalCount } = answer[table.graphql!.connection!]!;
  const first = !pageInfo.hasPreviousPage;
  return {
    rows: edges.map(({ node }, at) => rowOfNode(catalog, table, node, at)),
    total: totalCount,
    from: first ? 1 : !pageInfo.hasNextPage && totalCount !== null ? totalCount - edges.length + 1 : null,
    first,
    previous: pageInfo.hasPreviousPage && pageInfo.startCursor ? { before: pageInfo.startCursor } : undefined,
    next: pageInfo.hasNextPage && pageInfo.endCursor ? { after: pageInfo.endCursor } : undefined,
    last: pageInfo.hasNextPage ? { last: true } : undefined,
  };
}

async function listPage(catalog: Catalog, table: Table, state: ViewState, without: string[], signal: AbortSignal): Promise<Plain> {
  const answer = await graphql<Record<string, JsonObject[] & { count: number }>>(listText(catalog, table, state, without), undefined, signal);
  const rows = answer[table.graphql!.list]!.map((node, at) => rowOfNode(catalog, table, node, at));
  return placedPage(rows, answer[table.graphql!.aggregate]?.count ?? null, state);
}

async function restPage(catalog: Catalog, table: Table, state: ViewState, signal: AbortSignal): Promise<Plain> {
  const url = addressOf(tablePath(table), {
    filter: restFilter(catalog, table, state.filter) || undefined, order: restOrder(state.order) || undefined,
    limit: String(state.size), offset: String(offsetOf(state)), include_count: 'true',
  });
  const answer = await request<{ resource: JsonObject[]; meta?: { count?: number } }>(url, { signal });
  return placedPage(answer.resource.map((record, at) => rowOfRecord(catalog, table, record, at)), answer.meta?.count ?? null, state);
}

const offsetOf = ({ place }: ViewState) => (place && 'offset' in place ? place.offset : 0);

function placedPage(rows: Row[], total: number | null, state: ViewState): Plain {
  const at = offsetOf(state);
  const end = at + rows.length;
  const more = total === null ? rows.length === state.size : end < total;
  const begin = (offset: number): Place => (offset > 0 ? { offset } : null);
  return {
    rows, total, from: at + 1, first: at === 0,
    previous: at > 0 ? begin(at - state.size) : undefined,
    next: more ? begin(end) : undefined,
    last: more && total !== null ? begin(Math.floor((total - 1) / state.size) * state.size) : undefined,
  };
}
