// How a row is told to people: by its label, its key, and a little more.
import type { Column, Json, JsonObject, Table } from '../../api/types';
import { isObject } from '../../api/json';
import { writeJson } from '../../api/client';

export interface Shown {
  title: string | null;
  further: string[];
  /** All that has to be asked for. */
  fields: string[];
}

/** Which columns tell a row, beside those of the key by which it is looked up. */
export function shownOf(table: Table, keyColumns: string[], most = 2): Shown {
  const plain = (column: Column) => !['json', 'bytes'].includes(column.type) && !column.graphql?.documents;
  const rest = table.columns.filter((column) => plain(column) && column.name !== table.label && !keyColumns.includes(column.name));
  const told = [...rest.filter(isText), ...rest.filter((column) => !isText(column) && !table.primary_key.includes(column.name))];
  const title = table.label ?? told[0]?.name ?? null;
  const further = told.map(({ name }) => name).filter((name) => name !== title).slice(0, most);
  return { title, further, fields: [...new Set([...table.primary_key, ...keyColumns, ...(title ? [title] : []), ...further])] };
}

export const isText = (column: Column) => column.type === 'text';

export const idOf = (table: Table, row: JsonObject): string[] | null =>
  (table.primary_key.length && table.primary_key.every((name) => row[name] !== null && row[name] !== undefined)
    ? table.primary_key.map((name) => String(row[name])) : null);

/** A value on one line. */
export function plainly(value: Json | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  return isObject(value) || Array.isArray(value) ? writeJson(value) : String(value);
}
