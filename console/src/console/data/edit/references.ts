// Which fields of a form hold keys, in columns and within documents.
import type { Catalog, Json, Key, Table } from '../../api/types';
import { isObject } from '../../api/json';
import { pathOf } from '../../api/paths';

/** A key, seen from the table whose row is edited. */
export interface Reference {
  key: Key;
  target: Table;
  /** The columns that it takes, one for each of `targetColumns`. */
  columns: string[];
  targetColumns: string[];
}

/** A key whose values stand in a document. */
export interface LeafReference extends Reference {
  column: string;
  /** Steps into the document, `[]` for each element, as `pointerOf` writes them: `/[]/product`. */
  pattern: string;
}

export interface References {
  columns: Reference[];
  leaves: LeafReference[];
}

export function referencesOf(catalog: Catalog, table: Table): References {
  const found: References = { columns: [], leaves: [] };
  for (const key of catalog.keys) {
    if (key.referencing.table !== table.id) continue;
    const target = catalog.tables.find(({ id }) => id === key.referenced.table);
    const paths = key.referencing.columns.map((text) => pathOf(table, text));
    if (!target || paths.some((path) => path === null)) continue;
    const reference = { key, target, columns: paths.map((path) => path!.column), targetColumns: key.referenced.columns };
    const [path] = paths;
    if (paths.every((path) => path!.steps.length === 0)) found.columns.push(reference);
    // A picker for several leaves at once would need to know which of them belong together; those are typed by hand.
    else if (paths.length === 1) found.leaves.push({ ...reference, column: path!.column, pattern: pointerOf(path!.steps) });
  }
  return found;
}

/** The columns of a table that other rows refer to. */
export const referencedColumns = (catalog: Catalog, table: Table) =>
  new Set(catalog.keys.filter((key) => key.referenced.table === table.id).flatMap((key) => key.referenced.columns));

export const pointerOf = (steps: string[]) => steps.map((step) => `/${escaped(step)}`).join('');
export const escaped = (step: string) => step.replaceAll('~', '~0').replaceAll('/', '~1');
const unescaped = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~');

/** The members that keys name just below a place in a document. */
export function membersBelow(leaves: LeafReference[], pattern: string): string[] {
  const below = leaves.filter((leaf) => leaf.pattern.startsWith(`${pattern}/`)).map((leaf) => unescaped(leaf.pattern.slice(pattern.length + 1).split('/')[0]!));
  return [...new Set(below)];
}

/** An empty document that has a place for each key. */
export function skeleton(leaves: LeafReference[], pattern = ''): Json {
  const members = membersBelow(leaves, pattern);
  if (!members.length) return null;
  if (members.includes('[]')) return [];
  return Object.fromEntries(members.map((member) => [member, skeleton(leaves, `${pattern}/${escaped(member)}`)]));
}

/** A new element of a list: shaped as the first one is, without its values. */
export function nextElement(list: Json[], leaves: LeafReference[], pattern: string): Json {
  const [first] = list;
  return first === undefined ? skeleton(leaves, `${pattern}/[]`) : emptied(first, leaves, `${pattern}/[]`);
}

function emptied(value: Json, leaves: LeafReference[], pattern: string): Json {
  if (leaves.some((leaf) => leaf.pattern === pattern)) return null;
  if (Array.isArray(value)) return [];
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, emptied(member, leaves, `${pattern}/${escaped(name)}`)]));
  if (typeof value === 'string') return '';
  return typeof value === 'boolean' ? false : null;
}
