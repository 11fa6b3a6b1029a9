// Why rows stay as they are: the server tells who refers to them; of keys that a database keeps itself it is looked up.
import type { Catalog, ErrorBody, Json, JsonObject, Key, Relationship, Table } from '../../api/types';
import { ApiError } from '../../api/client';
import { readRow, restFields } from '../../api/rest';
import { errorsOf } from './faults';
import { tableOf } from '../../api/queries';

/** Who refers to a row that was to be removed or changed. */
export interface Referrer { table: string; foreign_key: string; rows: number | Json; keys: Json[][] }

export interface Refused {
  id: string[];
  error: ErrorBody;
  referrers: Referrer[];
}

/** What stands in the way of a write; null where it failed for another reason. `counts`: which keys may be what refuses it. */
export async function refusalsOf(cause: unknown, catalog: Catalog, table: Table, ids: string[][],
  counts: (key: Key) => boolean): Promise<Refused[] | null> {
  if (!(cause instanceof ApiError)) return null;
  const errors = errorsOf(cause).filter(({ error }) => error.context.reason === 'REFERENCED');
  if (!errors.length) return null;
  return Promise.all(errors.map(async ({ at, error }) => {
    const id = ids[at] ?? ids[0]!;
    const told = error.context.referenced_by as Referrer[] | undefined;
    return { id, error, referrers: told ?? await findReferrers(catalog, table, id, counts).catch(() => []) };
  }));
}

const SAMPLES = 3;

async function findReferrers(catalog: Catalog, table: Table, id: string[], counts: (key: Key) => boolean): Promise<Referrer[]> {
  const keys = catalog.keys.filter((key) => key.referenced.table === table.id && counts(key));
  const found = await Promise.all(keys.map(async (key) => {
    const relationship = table.relationships.find((one) => one.key === key.id && (one.kind === 'has_many' || one.kind === 'has_one'));
    return relationship ? referrer(catalog, table, id, key, relationship) : null;
  }));
  return found.filter((one): one is Referrer => one !== null);
}

async function referrer(catalog: Catalog, table: Table, id: string[], key: Key, { name, kind }: Relationship): Promise<Referrer | null> {
  const many = kind === 'has_many';
  const row = await readRow(table, id, {
    fields: restFields(table.primary_key), related: many ? `${name},${name}.count()` : name, [`${name}.fields`]: '',
    ...(many ? { [`${name}.limit`]: String(SAMPLES) } : {}),
  });
  const rows = [row[name] ?? []].flat() as JsonObject[];
  if (!rows.length) return null;
  const columns = tableOf(catalog, key.referencing.table)?.primary_key ?? [];
  const count = (row[`${name}_aggregate`] as { count: number } | undefined)?.count ?? rows.length;
  return { table: key.referencing.table, foreign_key: key.name, rows: count, keys: rows.map((row) => columns.map((column) => row[column] ?? null)) };
}
