// One row: as it stands, and what it refers to.
import { useQuery } from '@tanstack/react-query';
import { ApiError } from '../api/client';
import { tableOf } from '../api/queries';
import { readRow, restFields } from '../api/rest';
import type { Catalog, Relationship, Table } from '../api/types';
import { naming } from './fields';
import { ROWS } from './page-query';
import { awayOf } from './record';
import { rowOfRecord, type Row } from './rows';

/** Raw, with JSON columns as they are. */
export const useRow = (table: Table, id: string[]) => useQuery({
  queryKey: [ROWS, table.id, 'row', id],
  queryFn: ({ signal }) => readRow(table, id, {}, signal),
});

export interface Referred { related: Row['related']; away: string | null; error: ApiError | null }

/** The rows that the row refers to; by relationships, so that those that are called like columns do not hide these. */
export const useReferred = (catalog: Catalog, table: Table, id: string[], enabled: boolean) => useQuery({
  queryKey: [ROWS, table.id, 'referred', catalog.revision, id],
  enabled,
  queryFn: async ({ signal }): Promise<Referred> => {
    const all = table.relationships.filter(({ kind }) => kind === 'belongs_to');
    if (!all.length) return { related: {}, away: null, error: null };
    try {
      return await referred(catalog, table, id, all, signal);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // One source that is away must not hide the others.
      const each = await Promise.all(all.map((one) => referred(catalog, table, id, [one], signal).catch(() => null)));
      return { related: Object.assign({}, ...each.map((one) => one?.related)) as Row['related'], away: null, error };
    }
  },
});

async function referred(catalog: Catalog, table: Table, id: string[], relationships: Relationship[], signal: AbortSignal): Promise<Referred> {
  const options = relationships.map(({ name, target, target_columns: columns }) => {
    const fields = naming(catalog, target, columns)?.columns.map((column) => column.name) ?? [];
    return [`${name}.fields`, restFields(fields) || '*'];
  });
  const related = relationships.map(({ name }) => name).join(',');
  const record = await readRow(table, id, { fields: '', related, ...Object.fromEntries(options) }, signal);
  const { related: found } = rowOfRecord(catalog, table, record, 0, relationships);
  const away = awayOf(record);
  if (away) for (const { name, target } of relationships) if (tableOf(catalog, target)?.source === away) delete found[name];
  return { related: found, away, error: null };
}
