// How wide columns begin, by what the rows have in them.
import { writeJson } from '../api/client';
import { client, tableOf } from '../api/queries';
import type { Catalog, Table } from '../api/types';
import { fieldsOf, type Field } from './fields';
import { isNumeric, labelOf, textOf, type Row } from './rows';

const LETTER = 7.2;
const DIGIT = 8.3;
const ROOM = 26;

export function widthsOf(table: Table, rows: Row[]): Record<string, number> {
  const catalog = client.getQueryData<Catalog>(['catalog']);
  return Object.fromEntries(fieldsOf(table).map((field) => [field.id, width(catalog, field, rows)]));
}

function width(catalog: Catalog | undefined, field: Field, rows: Row[]): number {
  const head = (field.kind === 'column' ? field.column.name : field.relationship.name).length * LETTER + ROOM + (field.kind === 'column' ? 48 : 16);
  const longest = Math.max(0, ...rows.map((row) => lettersOf(catalog, field, row)));
  const letter = field.kind === 'column' && isNumeric(field.column, rows) ? DIGIT : LETTER;
  const most = field.kind === 'relationship' ? 150 : field.references.length ? 400 : 340;
  return Math.round(Math.min(most, Math.max(Math.min(head, field.kind === 'column' ? 190 : 130), longest * letter + ROOM)));
}

function lettersOf(catalog: Catalog | undefined, field: Field, row: Row): number {
  if (field.kind === 'relationship') return 8;
  const value = row.values[field.column.name];
  const json = typeof value === 'object' && field.column.type === 'json';
  const own = json ? Math.min(field.references.length ? 20 : 34, writeJson(value).length) + 3 : textOf(value).length;
  const labels = field.references.map(({ name, target }) => {
    const related = row.related[name];
    const to = catalog && tableOf(catalog, target);
    return related && 'rows' in related && to ? related.rows.slice(0, 2).reduce((sum, one) => sum + labelOf(to, one).length + 3, 0) : 0;
  });
  return own + Math.max(0, ...labels) + (labels.length ? 2 : 0);
}
