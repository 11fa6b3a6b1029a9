// The columns of keys and relationships as the catalog writes them, with paths into documents: `items[].product`,
// `"meta.author".name[]`.
import type { Catalog, Json, JsonObject, Table } from './types';
import { isObject } from './json';

export interface Path {
  /** A column's own name. */
  column: string;
  /** Into its document: members, and `[]` for each element of a list. */
  steps: string[];
}

/** Null where the table has no such column. */
export function pathOf({ columns }: Pick<Table, 'columns'>, text: string): Path | null {
  const known = (name: string | undefined) => columns.find((column) => column.name === name)?.name;
  const quoted = /^"(?:[^"]|"")*"(?=$|[.[])/.exec(text)?.[0];
  const bare = /^[^.[]+/.exec(text)?.[0];
  const said = [
    ...(quoted ? [{ written: quoted, column: known(plainName(quoted)) }] : []),
    ...(bare ? [{ written: bare, column: known(bare) }] : []),
    // An odd name that stands there without quotes.
    ...columns.filter(({ name }) => text.startsWith(name) && /^($|[.[])/.test(text.slice(name.length)))
      .sort((one, other) => other.name.length - one.name.length).map(({ name }) => ({ written: name, column: name })),
  ].find(({ column }) => column !== undefined);
  return said ? { column: said.column!, steps: stepsOf(text.slice(said.written.length)) } : null;
}

const stepsOf = (text: string) => [...text.matchAll(/\[\]|\."((?:[^"]|"")*)"|\.([^.[]+)/g)]
  .map(([whole, odd, plain]) => (whole === '[]' ? '[]' : odd?.replaceAll('""', '"') ?? plain ?? ''));

/** The column that a path begins in. */
export const columnOf = (table: Pick<Table, 'columns'>, text: string) => pathOf(table, text)?.column ?? text;

/** The column that a text names; null where it leads into a document. */
export function wholeColumn(table: Pick<Table, 'columns'>, text: string): string | null {
  const path = pathOf(table, text);
  return path && !path.steps.length ? path.column : null;
}

/** Whether it leads into a document, as far as the text alone tells it. */
export const isPath = (text: string) => /[.[]/.test(text.replace(/^"(?:[^"]|"")*"/, ''));

/** A name without its quotes. */
export const plainName = (text: string) => (/^"(?:[^"]|"")*"$/.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text);

/** The values that a path leads to in a row; without NULLs. */
export function valuesAt(table: Pick<Table, 'columns'>, values: JsonObject, text: string): Json[] {
  const { column, steps } = pathOf(table, text) ?? { column: text, steps: [] };
  const member = (value: Json, name: string) => (isObject(value) && Object.hasOwn(value, name) ? value[name]! : null);
  return steps.reduce<Json[]>((found, step) => found.flatMap((value) => (step !== '[]' ? [member(value, step)] : Array.isArray(value) ? value : [])),
    [values[column] ?? null]).filter((value) => value !== null);
}

/** No path leads into the referenced side, so that quotes tell nothing there: its columns get their own names. */
export function withPlainTargets(catalog: Catalog): Catalog {
  return {
    ...catalog,
    tables: catalog.tables.map((table) => ({
      ...table, relationships: table.relationships.map((one) => ({
        ...one,
        // Seen from the referenced table, these are of the referencing one.
        ...(one.kind === 'belongs_to' ? { target_columns: one.target_columns.map(plainName) } : { columns: one.columns.map(plainName) }),
      })),
    })),
    keys: catalog.keys.map((key) => ({ ...key, referenced: { ...key.referenced, columns: key.referenced.columns.map(plainName) } })),
  };
}
