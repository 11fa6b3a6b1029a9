// Which columns and relationships a view shows, in which order, and what has to be read for them.
import type { Catalog, Column, Relationship, Table } from '../api/types';
import { columnOf } from '../api/paths';
import { tableOf } from '../api/queries';
import type { ViewState } from './state';

/** A column of the grid: one of the table's, with the relationships that begin there; or a relationship. */
export type Field =
  | { id: string; kind: 'column'; column: Column; references: Relationship[] }
  | { id: string; kind: 'relationship'; relationship: Relationship };

/** The relationships that begin in a column; of several columns they are shown in the last. */
export const beginningIn = (table: Table, column: Column) => table.relationships.filter(
  ({ kind, columns }) => kind === 'belongs_to' && columnOf(table, columns.at(-1)!) === column.name,
);

/** All that a table has to show. */
export function fieldsOf(table: Table): Field[] {
  const columns = table.columns.map((column): Field => ({ id: column.name, kind: 'column', column, references: beginningIn(table, column) }));
  const others = table.relationships.filter(({ kind }) => kind !== 'belongs_to')
    .map((relationship): Field => ({ id: `*${relationship.name}`, kind: 'relationship', relationship }));
  return [...columns, ...others];
}

/** What a view shows of it, in its order. */
export function shownFields(table: Table, { shown }: ViewState): Field[] {
  const all = fieldsOf(table);
  return shown ? shown.flatMap((id) => all.find((field) => field.id === id) ?? []) : all;
}

/** The columns by which a row is found and known: its primary key, and what people call it by. */
export function naming(catalog: Catalog, id: string, more: string[] = []): { table: Table; columns: Column[] } | null {
  const table = tableOf(catalog, id);
  if (!table) return null;
  const names = new Set([...table.primary_key, ...(table.label ? [table.label] : []), ...more]);
  return { table, columns: table.columns.filter(({ name }) => names.has(name)) };
}
