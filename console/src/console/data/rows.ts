// Rows as they are shown, made of what GraphQL or REST answers; and what is told of a reference.
import type { Catalog, Column, Json, JsonObject, Relationship, Table } from '../api/types';
import { isNumber, isObject } from '../api/json';
import { valuesAt } from '../api/paths';
import { tableOf } from '../api/queries';
import { countsFor, formOf } from './meet';

export interface Row {
  /** Unlike those of other rows on the page. */
  key: string;
  /** The primary key's values as texts; null where the table has none. */
  id: string[] | null;
  /** By columns' names; a column that was not read is absent. */
  values: JsonObject;
  /** By relationships' names: a row, rows, or how many; one that was not read is absent. */
  related: Record<string, Related>;
}

export type Related = { rows: Row[] } | { count: number };

/** A value as people read and type it. */
export const textOf = (value: Json | undefined): string => (value === null || value === undefined ? '' : String(value));

export function idOf(table: Table, values: JsonObject): string[] | null {
  if (!table.primary_key.length) return null;
  const id = table.primary_key.map((name) => values[name]);
  return id.some((value) => value === null || value === undefined) ? null : id.map(textOf);
}

/** A part of an identifier; the empty text is told, so that a link of it can be seen. */
export const toldId = (text: string) => text || "''";

/** What people call a row by; its identifier where it has no name. */
export function labelOf(table: Table, { values, id }: Pick<Row, 'values' | 'id'>): string {
  const named = table.label === null ? undefined : values[table.label];
  return named === null || named === undefined || named === '' ? (id ?? []).map(toldId).join(', ') : textOf(named);
}

/** A row of GraphQL. */
export function rowOfNode(catalog: Catalog, table: Table, node: JsonObject, at: number): Row {
  const values: JsonObject = {};
  for (const column of table.columns) {
    const { graphql } = column;
    if (graphql && graphql.field in node) values[column.name] = graphql.documents ? document(node[graphql.field]!) : node[graphql.field]!;
  }
  const related: Row['related'] = {};
  for (const relationship of table.relationships) {
    const found = relatedOf(catalog, relationship, node);
    if (found) related[relationship.name] = found;
  }
  return row(table, values, related, at);
}

/** A row of REST, whose relationships have their names and take the places of columns that are called alike. */
export function rowOfRecord(catalog: Catalog, table: Table, record: JsonObject, at: number, relationships: Relationship[] = []): Row {
  const values: JsonObject = {};
  const taken = new Set(relationships.map(({ name }) => name));
  for (const { name } of table.columns) if (name in record && !taken.has(name)) values[name] = record[name]!;
  const related: Row['related'] = {};
  for (const { name, target } of relationships) {
    const to = tableOf(catalog, target);
    const nested = record[name];
    if (to && nested !== undefined) related[name] = { rows: list(nested).map((one, index) => rowOfRecord(catalog, to, one, index)) };
  }
  return row(table, values, related, at);
}

function row(table: Table, values: JsonObject, related: Row['related'], at: number): Row {
  const id = idOf(table, values);
  return { key: id ? id.map(encodeURIComponent).join(',') : `#${at}`, id, values, related };
}

const list = (value: Json): JsonObject[] => (Array.isArray(value) ? value : [value]).filter(isObject);

function relatedOf(catalog: Catalog, { graphql, target }: Relationship, node: JsonObject): Related | null {
  if (!graphql) return null;
  const counted = graphql.aggregate ? node[graphql.aggregate] : undefined;
  if (isObject(counted) && typeof counted.count === 'number') return { count: counted.count };
  const table = tableOf(catalog, target);
  const found = node[graphql.field];
  return found === undefined || !table ? null : { rows: list(found).map((one, at) => rowOfNode(catalog, table, one, at)) };
}

/** A document with types reads as it stands by `_json`. */
function document(value: Json): Json {
  if (Array.isArray(value)) return value.map(document);
  return isObject(value) && '_json' in value ? value._json! : value;
}

/** Keys that lead to no row, as far as what was read tells. */
export function orphansOf(catalog: Catalog, table: Table, row: Row, relationship: Relationship): Json[] {
  const related = row.related[relationship.name];
  const key = catalog.keys.find(({ id }) => id === relationship.key);
  const target = tableOf(catalog, relationship.target);
  const source = catalog.sources.find(({ name }) => name === target?.source);
  // Of a source that is away nobody knows what it holds.
  if (!related || !('rows' in related) || source?.state !== 'up' || !key || !countsFor(key, row.values)) return [];
  const values = relationship.columns.map((column) => valuesAt(table, row.values, column));
  if (values.some((some) => !some.length)) return [];
  // Of one row the server has told whether it is there.
  if (!relationship.many) return related.rows.length ? [] : [values.map((some) => textOf(some[0])).join(', ')];
  return values.length === 1 ? unmet(values[0]!, related.rows, relationship.target_columns[0]!, key.class[0]) : [];
}

/** Of a list, the values that no row has; none where it cannot be told which row was found by which value. */
function unmet(values: Json[], rows: Row[], to: string, kind: string | undefined): Json[] {
  if (!rows.length) return values;
  const found = rows.map((row) => formOf(kind, row.values[to] ?? null));
  if (found.includes(null)) return [];
  return values.filter((value) => { const form = formOf(kind, value); return form !== null && !found.includes(form); });
}

/** Whether a column's values read best from the right; SQLite's columns without a strict type tell it by what they hold. */
export function isNumeric({ type, name }: Column, rows: Pick<Row, 'values'>[]): boolean {
  if (type !== 'other') return ['integer', 'bigint', 'decimal', 'float'].includes(type);
  const values = rows.map(({ values }) => values[name]).filter((value) => value !== null && value !== undefined);
  return values.length > 0 && values.every(isNumber);
}
