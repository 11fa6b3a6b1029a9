// The rows that keys refer to: what a value means, many values in one request.
import { useQuery } from '@tanstack/react-query';
import type { Column, Json, JsonObject, Key, Table } from '../../api/types';
import { graphql, request } from '../../api/client';
import { restFields, restName, tablePath } from '../../api/rest';
import { askable, formOf } from '../meet';
import { hold, numberOf, read, text } from './held';
import { shownOf } from './describe';

/** Where values are looked up. */
export interface Target {
  table: Table;
  columns: string[];
  /** How the values of both sides meet. */
  key: Key;
}

/** The row that values refer to: null where there is none. */
export function useReferenced(target: Target, values: Json[] | null) {
  const texts = values?.map(String) ?? [];
  return useQuery({
    queryKey: ['rows', 'referenced', target.table.id, target.key.id, texts],
    queryFn: () => find(target, texts),
    enabled: values !== null && values.every((value, at) => value !== null && askable(target.key.class[at], value)),
    staleTime: 30_000,
  });
}

interface Wanted { texts: string[]; found: (row: JsonObject | null) => void; failed: (cause: unknown) => void }

const waiting = new Map<string, { target: Target; wanted: Wanted[] }>();
const AT_ONCE = 100;

function find(target: Target, texts: string[]): Promise<JsonObject | null> {
  const columns = target.columns.map((name) => columnOf(target.table, name));
  // What no row can have need not be asked for, and would make the server refuse all that is asked with it.
  if (!columns.every((column, at) => column && read(column, text(texts[at]!)).ok)) return Promise.resolve(null);
  if (target.key.class.includes('ignore_case')) return findInAnyCase(target, texts[0]!);
  return new Promise((found, failed) => {
    const name = target.key.id;
    const group = waiting.get(name) ?? { target, wanted: [] };
    if (!group.wanted.length) setTimeout(() => { waiting.delete(name); void ask(group.target, group.wanted); });
    group.wanted.push({ texts, found, failed });
    waiting.set(name, group);
  });
}

async function ask(target: Target, all: Wanted[]) {
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const wanted = all.slice(from, from + AT_ONCE);
    try {
      const rows = await fetchRows(target, wanted.map(({ texts }) => texts));
      for (const one of wanted) {
        // Spellings of one moment differ; where only it was asked for, what came is it.
        const row = wanted.length === 1 ? rows[0] : rows.find((row) => target.columns.every((_, at) => meets(target, at, row, one.texts[at]!)));
        one.found(row ?? null);
      }
    } catch (cause) {
      wanted.forEach(({ failed }) => failed(cause));
    }
  }
}

async function fetchRows(target: Target, wanted: string[][]): Promise<JsonObject[]> {
  const params: Record<string, string> = {};
  const named = (value: string) => {
    const name = `:v${Object.keys(params).length}`;
    params[name] = value;
    return name;
  };
  const [only] = target.columns;
  const filter = target.columns.length === 1
    ? `${restName(only!)} IN (${wanted.map(([value]) => named(value!)).join(', ')})`
    : wanted.map((texts) => `(${target.columns.map((name, at) => `${restName(name)} = ${named(texts[at]!)}`).join(' AND ')})`).join(' OR ');
  const body = { filter, params, fields: restFields(shownOf(target.table, target.columns).fields), limit: wanted.length };
  return (await request<{ resource: JsonObject[] }>(`${tablePath(target.table)}?method=GET`, { method: 'POST', body })).resource;
}

async function findInAnyCase(target: Target, wanted: string): Promise<JsonObject | null> {
  const { table, columns: [name] } = target;
  const field = columnOf(table, name!)?.graphql?.field;
  if (!table.graphql || !field) return null;
  const rows = await searchRows(table, shownOf(table, target.columns).fields, { [field]: { ilike: wanted } }, 10, 0);
  // Wildcards within the value may have found others.
  return rows.find((row) => formOf('ignore_case', row[name!] ?? null) === formOf('ignore_case', wanted)) ?? null;
}

/** Rows by GraphQL, told by the names of columns. */
export async function searchRows(table: Table, fields: string[], filter: JsonObject, limit: number, offset: number,
  order: JsonObject[] = [], signal?: AbortSignal) {
  const names = table.graphql!;
  const columns = fields.map((name) => columnOf(table, name)!).filter((column) => column.graphql && !column.graphql.documents);
  const asked = columns.map((column, at) => `f${at}: ${column.graphql!.field}`).join(' ');
  const list = `${names.list}(filter: $filter, order_by: $order, limit: ${limit}, offset: ${offset})`;
  const query = `query($filter: ${names.type}Filter!, $order: [${names.type}OrderBy!]) { rows: ${list} { ${asked} } }`;
  const { rows } = await graphql<{ rows: JsonObject[] }>(query, { filter, order }, signal);
  return rows.map((row): JsonObject => Object.fromEntries(columns.map((column, at) => [column.name, row[`f${at}`] ?? null])));
}

export const columnOf = (table: Table, name: string): Column | undefined => table.columns.find((column) => column.name === name);

/** Whether one of the key's values in a row is what was wanted. */
function meets({ table, columns, key }: Target, at: number, row: JsonObject, wanted: string) {
  const column = columnOf(table, columns[at]!);
  const value = row[columns[at]!];
  if (!column || value === undefined || value === null) return false;
  const [one, other] = [formOf(key.class[at], value), formOf(key.class[at], wanted)];
  if (one !== null && other !== null) return one === other;
  const held = hold(column, value);
  return held.as === 'text' && plain(column, held.text) === plain(column, wanted);
}

// Of what the server has found, so that two spellings of one number are one.
function plain(column: Column, value: string) {
  if (column.type === 'uuid') return value.toLowerCase().replace(/[{}-]/g, '');
  if (!['integer', 'bigint', 'decimal', 'float', 'other'].includes(column.type)) return value;
  const number = numberOf(value);
  return number === null ? value : String(number).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}
