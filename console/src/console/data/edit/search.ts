// Looks for rows by any text in them: their label, their key, or another text column.
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import type { Column, Json, JsonObject } from '../../api/types';
import { request } from '../../api/client';
import { restFields, restName, tablePath } from '../../api/rest';
import { isUuid, numberOf } from './held';
import { columnOf, searchRows, type Target } from './lookup';
import { isText, shownOf } from './describe';

const PAGE = 20;
/** Each one is looked through for each word. */
const COLUMNS = 8;

export interface Found { rows: JsonObject[]; more: boolean }

export function useSearch(target: Target, words: string, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ['rows', 'search', target.table.id, target.columns, words],
    queryFn: ({ pageParam, signal }) => search(target, words.trim(), pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: (last: Found, pages) => (last.more ? pages.length * PAGE : undefined),
    enabled,
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
}

async function search(target: Target, words: string, offset: number, signal: AbortSignal): Promise<Found> {
  const { table } = target;
  const { fields, title } = shownOf(table, target.columns);
  if (!table.graphql) return searchByRest(target, words, offset, fields, signal);
  const order = [title, ...table.primary_key].flatMap((name) => {
    const column = name === null ? undefined : columnOf(table, name);
    return column?.graphql && !column.graphql.documents ? [{ [column.graphql.field]: 'asc' }] : [];
  });
  const [exact, rows] = await Promise.all([
    offset === 0 && words ? exactly(target, words, fields, signal) : [],
    searchRows(table, fields, filterOf(target, words), PAGE + 1, offset, uniqueOrder(order), signal),
  ]);
  return { rows: firstOf([...exact, ...rows.slice(0, PAGE)], target), more: rows.length > PAGE };
}

/** The row whose key this is comes first. */
async function exactly(target: Target, words: string, fields: string[], signal: AbortSignal): Promise<JsonObject[]> {
  const [name] = target.columns;
  const column = columnOf(target.table, name!);
  const test = column && target.columns.length === 1 ? equals(column, words) : null;
  return test ? searchRows(target.table, fields, test, 1, 0, [], signal) : [];
}

function filterOf({ table, columns: keys }: Target, words: string): JsonObject {
  const usable = table.columns.filter((column) => column.graphql && !column.graphql.documents);
  const first = (column: Column) => (column.name === table.label ? 0 : keys.includes(column.name) ? 1 : 2);
  const texts = usable.filter(isText).sort((one, other) => first(one) - first(other)).slice(0, COLUMNS);
  const others = usable.filter((column) => !isText(column) && (keys.includes(column.name) || table.primary_key.includes(column.name)));
  const each = words.split(/\s+/).filter(Boolean).map((word): JsonObject => ({
    or: [...texts.flatMap((column) => contains(column, word)), ...others.flatMap((column) => equals(column, word) ?? [])],
  }));
  // A table without a text in it, and a word that is no key: nothing has it.
  if (each.some(({ or }) => !(or as Json[]).length)) return { and: [true, false].map((is_null) => ({ [usable[0]!.graphql!.field]: { is_null } })) };
  return each.length ? { and: each } : {};
}

// `ilike` has wildcards, so that a text with one of them is looked for as it stands.
function contains(column: Column, word: string): JsonObject[] {
  const field = column.graphql!.field;
  const test: JsonObject = /[%_\\]/.test(word) ? { contains: word } : { ilike: `%${word}%` };
  return [{ [field]: test }, ...otherCases(word).map((contains) => ({ [field]: { contains } }))];
}

// SQLite knows the cases of ASCII letters alone.
function otherCases(word: string) {
  if (/^[\x20-\x7e]*$/.test(word)) return [];
  return [...new Set([word.toLowerCase(), word.toUpperCase(), word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()])];
}

function equals(column: Column, word: string): JsonObject | null {
  const field = column.graphql?.field;
  if (!field) return null;
  switch (column.type) {
    case 'integer': {
      const number = /^-?\d{1,10}$/.test(word) ? Number(word) : NaN;
      return Math.abs(number) < 2 ** 31 ? { [field]: { eq: number } } : null;
    }
    case 'bigint': return /^-?\d{1,19}$/.test(word) ? { [field]: { eq: word } } : null;
    case 'decimal':
    case 'float': {
      const number = numberOf(word);
      return number === null ? null : { [field]: { eq: number } };
    }
    case 'uuid': return isUuid(word) ? { [field]: { eq: word } } : null;
    case 'text': return { [field]: { eq: word } };
    case 'enum': return column.values?.includes(word) ? { [field]: { eq: word } } : null;
    default: return null;
  }
}

async function searchByRest({ table }: Target, words: string, offset: number, fields: string[], signal: AbortSignal): Promise<Found> {
  const texts = table.columns.filter(isText).slice(0, COLUMNS);
  const filter = words && texts.length ? texts.map(({ name }) => `(${restName(name)} CONTAINS :words)`).join(' OR ') : undefined;
  const body = { ...(filter && { filter, params: { ':words': words } }), fields: restFields(fields), limit: PAGE + 1, offset };
  const { resource } = await request<{ resource: JsonObject[] }>(`${tablePath(table)}?method=GET`, { method: 'POST', body, signal });
  return { rows: resource.slice(0, PAGE), more: resource.length > PAGE };
}

const uniqueOrder = (order: JsonObject[]) => order.filter((one, at) => order.findIndex((other) => Object.keys(other)[0] === Object.keys(one)[0]) === at);

const firstOf = (rows: JsonObject[], { columns, table }: Target) => {
  const name = (row: JsonObject) => [...columns, ...table.primary_key].map((column) => String(row[column])).join('\n');
  return rows.filter((row, at) => rows.findIndex((other) => name(other) === name(row)) === at);
};
