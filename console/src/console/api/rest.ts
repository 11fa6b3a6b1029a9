// Addresses of REST, names as its parameters take them, and how one row is read.
import { ApiError, request } from './client';
import type { JsonObject, Table } from './types';

type Params = Record<string, string | undefined>;

export const tablePath = ({ source, name }: Pick<Table, 'source' | 'name'>) =>
  `/api/v2/${encodeURIComponent(source)}/_table/${encodeURIComponent(name)}`;

/** Of a row that `inPath` allows for. A single identifier may hold commas; of several each comma parts two. */
export const rowPath = (table: Pick<Table, 'source' | 'name'>, id: string[]) => `${tablePath(table)}/${id.map(encodeURIComponent).join(',')}`;

/** Whether a path can tell the row: none tells an empty identifier, nor a comma within one of several, and browsers resolve dots. */
export const inPath = (id: string[]) => (id.length === 1 ? !['', '.', '..'].includes(id[0]!) : id.every((value) => value !== '' && !value.includes(',')));

/** An address with parameters; what a reader can read as it is stays so. */
export function addressOf(path: string, given: Params): string {
  const params = Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== undefined)
    .map(([name, value]) => `${legible(name)}=${legible(value)}`);
  return `${path}${params.length ? `?${params.join('&')}` : ''}`;
}

// Apostrophes are encoded, so that a shell's quotes can stand around it all.
const legible = (text: string) => encodeURIComponent(text).replace(/%(2C|3A|2F|40)/gi, decodeURIComponent).replaceAll("'", '%27');

/** A row by its identifier, whatever is in that; what the answer tells beside the row is its member `meta`. */
export async function readRow(table: Table, id: string[], params: Params = {}, signal?: AbortSignal): Promise<JsonObject> {
  if (inPath(id)) return request<JsonObject>(addressOf(rowPath(table, id), params), { signal });
  try {
    const path = addressOf(tablePath(table), { method: 'GET', ...params });
    const { resource, meta } = await request<{ resource: JsonObject[]; meta?: JsonObject }>(path, { method: 'POST', body: { ids: [id] }, signal });
    return meta ? { ...resource[0]!, meta } : resource[0]!;
  } catch (error) {
    throw error instanceof ApiError && error.reason === 'NOT_FOUND' ? missing : error;
  }
}

// As the address of the row itself would tell it.
const missing = new ApiError(404, { code: 404, status_code: 404, message: 'there is no such row', context: { reason: 'NOT_FOUND' } });

const BARE = /^[\p{L}\p{N}_$][\p{L}\p{N}_$-]*$/u;

const JOINER = /^(and|or|xor|not)$/i;

/** A field of a filter or an order, behind relationships: one pair of quotes stands around the whole path where a name in it is odd. */
export const restName = (...path: string[]) => (path.every((name) => BARE.test(name) && !JOINER.test(name))
  ? path.join('.') : `"${path.join('.').replaceAll('"', '""')}"`);

/** `fields` takes names as they are, so that a comma in one cannot be told: then all fields are asked for. */
export const restFields = (names: string[]) => (names.every((name) => name === name.trim() && !name.includes(',')) ? names.join(',') : '*');
