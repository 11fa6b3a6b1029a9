// One record of REST by its primary key.
import { ApiError, request } from '../api/client';
import type { JsonObject, Table } from '../api/types';
import { rowsUrl } from './to-rest';
import { isObject, textOf } from './rows';

export async function readRecord(table: Table, id: string[], params: Record<string, string | undefined>, signal: AbortSignal): Promise<JsonObject> {
  // In a path commas part the values of a key, so that none may be within one.
  if (id.length === 1 || !id.some((value) => value.includes(','))) return request<JsonObject>(rowsUrl(table, params, id), { signal });
  const filter = table.primary_key.map((name, at) => `"${name}" = '${id[at]!.replaceAll("'", "''")}'`).join(' and ');
  const { resource, meta } = await request<{ resource: JsonObject[]; meta?: JsonObject }>(rowsUrl(table, { ...params, filter }), { signal });
  if (!resource[0]) throw new ApiError(404, { code: 404, status_code: 404, message: 'there is no such row', context: { reason: 'NOT_FOUND' } });
  return meta ? { ...resource[0], meta } : resource[0];
}

/** The source that could not be asked. */
export function awayOf(answer: JsonObject): string | null {
  const partial = isObject(answer.meta) ? answer.meta.partial : null;
  const first = Array.isArray(partial) ? partial.find(isObject) : undefined;
  return first ? textOf(first.source) : null;
}
