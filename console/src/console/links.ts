// Addresses of views, so that each can be linked to from any other. All below `/console`.
import type { Draft, Table } from './api/types';

const part = encodeURIComponent;
// Browsers resolve dots in a path, and would leave the row out; no part has an equals sign of its own.
const single = (id: string) => (id === '.' || id === '..' ? `=${id}` : part(id));
const query = (given: Record<string, string | undefined>) => {
  const params = new URLSearchParams(Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== undefined));
  return params.size ? `?${params}` : '';
};

export const links = {
  /** The map, with a table or a key picked out. */
  map: (picked: { table?: string; key?: string } = {}) => `/map${query(picked)}`,
  keys: () => '/keys',
  /** An entry, `foreign_key/0`. */
  key: (entry: string) => `/keys/${entry}`,
  newKey: (draft: Pick<Draft, 'column' | 'references'> = {}) =>
    `/keys/new${query({ column: draft.column?.toString(), references: draft.references?.toString() })}`,
  data: () => '/data',
  /** The tables of one source. */
  source: (source: string) => `/data${query({ source })}`,
  /** Rows; `filter` and `order` as `data/state.ts` writes them. */
  rows: (table: Pick<Table, 'source' | 'name'>, shown: { filter?: string; order?: string } = {}) =>
    `/data/${part(table.source)}/${part(table.name)}${query(shown)}`,
  /** One row, by the values of its primary key as texts. */
  row: (table: Pick<Table, 'source' | 'name'>, id: string[]) =>
    `/data/${part(table.source)}/${part(table.name)}/row/${id.length === 1 ? single(id[0]!) : id.map(part).join(',')}`,
  newRow: (table: Pick<Table, 'source' | 'name'>) => `/data/${part(table.source)}/${part(table.name)}/new`,
  api: (shown: { tab?: 'build' | 'rest' | 'graphql'; table?: string } = {}) => `/api${query(shown)}`,
  health: () => '/health',
};
