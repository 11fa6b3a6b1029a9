// The requests that write rows, each under a name of its own so that it is done once.
import { LosslessNumber } from 'lossless-json';
import type { JsonObject, Table } from '../../api/types';
import { client } from '../../api/queries';
import { request } from '../../api/client';
import { inPath, rowPath, tablePath } from '../../api/rest';

/** What a write changes, or would change. */
export interface Change {
  table: string;
  /** Null for the rows that the request itself names. */
  foreign_key: string | null;
  action: string;
  rows: number | LosslessNumber;
}

export interface Written {
  row: JsonObject;
  /** A part of it is still being finished in another database. */
  pending: boolean;
  /** References to nothing that a key with `enforce = "warn"` let pass. */
  warning: string | null;
}

export async function insert(table: Table, record: JsonObject, name: string): Promise<Written> {
  const { answer, ...told } = await write<{ resource: JsonObject[] }>(`${tablePath(table)}?fields=*`, 'POST', { resource: [record] }, name);
  return { row: answer.resource[0]!, ...told };
}

export async function update(table: Table, id: string[], changes: JsonObject, name: string): Promise<Written> {
  if (!inPath(id)) {
    const { answer, ...told } = await write<{ resource: JsonObject[] }>(`${tablePath(table)}?fields=*`, 'PATCH', { ids: [id], resource: [changes] }, name);
    return { row: answer.resource[0]!, ...told };
  }
  const { answer, ...told } = await write<JsonObject>(`${rowPath(table, id)}?fields=*`, 'PATCH', changes, name);
  return { row: answer, ...told };
}

/** What the same update would change. */
export async function tryUpdate(table: Table, id: string[], changes: JsonObject): Promise<Change[]> {
  const named = inPath(id)
    ? request<{ changes: Change[] }>(`${rowPath(table, id)}?dry_run=true`, { method: 'PATCH', body: changes })
    : request<{ changes: Change[] }>(`${tablePath(table)}?dry_run=true`, { method: 'PATCH', body: { ids: [id], resource: [changes] } });
  return (await named).changes;
}

export async function tryRemove(table: Table, ids: string[][]): Promise<Change[]> {
  // Each row is tried, so that all reasons are told, not the first alone.
  return (await request<{ changes: Change[] }>(`${tablePath(table)}?dry_run=true&continue=true`, { method: 'DELETE', body: { ids } })).changes;
}

export async function remove(table: Table, ids: string[][], name: string): Promise<Omit<Written, 'row'>> {
  const { pending, warning } = await write(`${tablePath(table)}?rollback=true`, 'DELETE', { ids }, name);
  return { pending, warning };
}

/** A name for a write, kept while the same one is tried again. */
export function writeName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Rows are asked anew; tables and keys are not, nor what an open form began with. */
export const forgetRows = () => client.invalidateQueries({ predicate: ({ queryKey: [first] }) =>
  !['catalog', 'keys', 'audit', 'health', 'form', 'dry run'].includes(String(first)) });

async function write<T>(path: string, method: string, body: unknown, name: string) {
  let seen: Response | null = null;
  const answer = await request<T>(path, { method, body, headers: { 'idempotency-key': name }, seen: (response) => { seen = response; } });
  const { status, headers } = seen! as Response;
  return { answer, pending: status === 202, warning: headers.get('crosskey-warning') };
}
