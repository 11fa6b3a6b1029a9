// What the map draws, made of the catalog: tables with their lines and sizes, and keys with their ends and marks.
import type { Catalog, Key, Source, Table } from '../api/types';
import { columnOf, wholeColumn } from '../api/paths';
import { typeOf } from '../parts/column-type';
import { grouped } from './grouped';

export const HEAD = 26;
export const LINE = 18;
const FOOT = 5;

/** A column, or a path into one, that a table shows. */
export interface Line {
  text: string;
  type: string;
  primary: boolean;
  /** A key's referencing side. */
  referencing: boolean;
}

export interface MapTable {
  id: string;
  /** Without its source. */
  name: string;
  source: string;
  rows: number | null;
  view: boolean;
  readOnly: boolean;
  /** Two of its keys make a many_many relationship. */
  junction: boolean;
  lines: Line[];
  width: number;
  height: number;
}

export interface MapKey {
  id: string;
  key: Key;
  from: string;
  to: string;
  /** Where it leaves and arrives, below each table's top. */
  fromY: number;
  toY: number;
  /** Its place among the keys between the same two tables, around 0. */
  fan: number;
  /** `items[].product → id`. */
  label: string;
  cascade: boolean;
  path: boolean;
  /** With another key of its table it makes a many_many relationship. */
  junction: boolean;
}

export interface MapModel {
  sources: Source[];
  tables: MapTable[];
  keys: MapKey[];
}

/** What of the catalog is shown. */
export interface Shown {
  hidden: ReadonlySet<string>;
  virtualOnly: boolean;
  allColumns: boolean;
}

export function modelOf(catalog: Catalog, { hidden, virtualOnly, allColumns }: Shown): MapModel {
  const shown = new Map(catalog.tables.filter(({ source }) => !hidden.has(source)).map((table) => [table.id, table]));
  const keys = catalog.keys.filter(({ virtual, referencing, referenced }) =>
    (virtual || !virtualOnly) && shown.has(referencing.table) && shown.has(referenced.table));
  const junctions = junctionsOf(catalog);
  const sides = grouped(keys.flatMap((key) => [
    { table: key.referencing.table, columns: key.referencing.columns, referencing: true },
    { table: key.referenced.table, columns: key.referenced.columns, referencing: false },
  ]), ({ table }) => table);
  const tables = [...shown.values()].map((table) => tableOf(table, sides.get(table.id) ?? [], junctions.tables.has(table.id), allColumns));
  const byId = new Map(tables.map((table) => [table.id, table]));
  return { sources: catalog.sources.filter(({ name }) => !hidden.has(name)), tables, keys: fanned(keys, shown, byId, junctions.keys) };
}

type Used = { columns: string[]; referencing: boolean };

function tableOf(table: Table, used: Used[], junction: boolean, allColumns: boolean): MapTable {
  const lines = linesOf(table, used, allColumns);
  const name = table.id.slice(table.source.length + 1);
  const signs = [table.view, table.read_only, junction].filter(Boolean).length;
  const longest = Math.max(name.length * 7.7 + 46 + signs * 18, ...lines.map(({ text, type }) => text.length * 6.8 + type.length * 5.6 + 38));
  return {
    id: table.id, name, source: table.source, rows: table.rows, view: table.view, readOnly: table.read_only, junction, lines,
    width: Math.round(Math.min(260, Math.max(132, longest))), height: HEAD + lines.length * LINE + FOOT,
  };
}

// In the order of the columns; a path into a document follows its column.
function linesOf(table: Table, used: Used[], allColumns: boolean): Line[] {
  const primary = new Set(table.primary_key);
  const texts = new Map<string, boolean>();
  for (const { columns, referencing } of used) {
    for (const column of columns) { const text = lineOf(table, column); texts.set(text, texts.get(text) || referencing); }
  }
  return table.columns.flatMap((column) => {
    const { name } = column;
    const type = typeOf(column);
    const own = allColumns || primary.has(name) || texts.has(name);
    const paths = [...texts.keys()].filter((text) => text !== name && columnOf(table, text) === name);
    return [
      ...(own ? [{ text: name, type, primary: primary.has(name), referencing: texts.get(name) ?? false }] : []),
      ...paths.map((text) => ({ text, type: own ? '' : type, primary: false, referencing: texts.get(text)! })),
    ];
  });
}

/** What a table's line for a key's column says: a column's own name, or the path into it. */
const lineOf = (table: Pick<Table, 'columns'>, text: string) => wholeColumn(table, text) ?? text;

export const sideText = (columns: string[]) => columns.join(', ');

export const keyText = ({ referencing, referenced }: Key) => `${sideText(referencing.columns)} → ${sideText(referenced.columns)}`;

function fanned(keys: Key[], own: Map<string, Table>, tables: Map<string, MapTable>, junctions: Set<string>): MapKey[] {
  const pairs = grouped(keys, ({ referencing, referenced }) => [referencing.table, referenced.table].sort().join(' '));
  return keys.map((key) => {
    const { referencing, referenced } = key;
    const between = pairs.get([referencing.table, referenced.table].sort().join(' '))!;
    return {
      id: key.id, key, from: referencing.table, to: referenced.table,
      fromY: portOf(tables.get(referencing.table)!, referencing.columns.map((text) => lineOf(own.get(referencing.table)!, text))),
      toY: portOf(tables.get(referenced.table)!, referenced.columns),
      fan: between.indexOf(key) - (between.length - 1) / 2,
      label: keyText(key),
      cascade: key.on_delete === 'cascade',
      path: referencing.columns.some((text) => wholeColumn(own.get(referencing.table)!, text) === null),
      junction: junctions.has(key.id),
    };
  });
}

// A key of several columns leaves between their lines.
function portOf({ lines }: MapTable, columns: string[]): number {
  const at = columns.map((text) => lines.findIndex((line) => line.text === text)).filter((index) => index >= 0);
  const middle = at.length ? at.reduce((sum, index) => sum + index, 0) / at.length : 0;
  return HEAD + (middle + 0.5) * LINE;
}

// Any two keys of a table give a many_many relationship. Only where the pair is unique, or the key file names it, was the table made to join.
function junctionsOf({ tables, keys }: Catalog) {
  const byId = new Map(tables.map((table) => [table.id, table]));
  const columns = new Map(keys.map((key) => [key.id, key.referencing.columns]));
  const found = { tables: new Set<string>(), keys: new Set<string>() };
  for (const { key, through } of tables.flatMap(({ relationships }) => relationships)) {
    const junction = through && byId.get(through.table);
    if (!junction) continue;
    const pair = [key, through.key].flatMap((id) => columns.get(id) ?? []).map((text) => lineOf(junction, text)).sort().join();
    const unique = [junction.primary_key, ...junction.unique].some((set) => [...set].sort().join() === pair);
    if (!unique && !through.entry) continue;
    found.tables.add(through.table);
    found.keys.add(key).add(through.key);
  }
  return found;
}
