// What a new row begins with where it is added to what is shown: to filtered rows, or to those of another row.
import type { Catalog, Column, Json, JsonObject, Relationship, Table } from '../api/types';
import { readJson } from '../api/client';
import { wholeColumn } from '../api/paths';
import type { Filter } from './filter';
import type { Row } from './rows';

/** A row that is added to filtered ones shall be among them, as far as plain equalities go. */
export function presetOf(table: Table, filter: Filter): JsonObject {
  const preset: JsonObject = {};
  if (filter.length !== 1) return preset;
  for (const { path, operator, values } of filter[0]!) {
    const column = operator === 'eq' ? columnOf(table, path) : null;
    const value = column && typed(column, values[0] ?? '');
    if (column && value !== null) preset[column.name] = value;
  }
  return preset;
}

/** The column itself, or the one that refers to what the path names. */
function columnOf(table: Table, path: string[]): Column | null {
  const relationship = path.length === 2 ? table.relationships.find(({ name, kind }) => name === path[0] && kind === 'belongs_to') : undefined;
  const name = path.length === 1 ? path[0] : relationship?.target_columns.length === 1 && relationship.target_columns[0] === path[1]
    ? wholeColumn(table, relationship.columns[0]!) : undefined;
  return table.columns.find((column) => column.name === name && !column.generated) ?? null;
}

function typed({ type }: Column, text: string): Json {
  if (['integer', 'bigint', 'decimal', 'float', 'other'].includes(type) && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) return readJson(text);
  if (type === 'boolean') return text === 'true';
  return ['json', 'bytes', 'integer', 'bigint', 'decimal', 'float'].includes(type) ? null : text;
}

/** What makes a new row of the target belong to this row; null where columns alone do not say it. */
export function belongingTo(catalog: Catalog, target: Table, row: Pick<Row, 'values'>, relationship: Relationship): JsonObject | null {
  if (target.read_only || relationship.through || relationship.kind === 'belongs_to') return null;
  const preset: JsonObject = { ...catalog.keys.find(({ id }) => id === relationship.key)?.when };
  for (const [at, text] of relationship.target_columns.entries()) {
    const value = row.values[relationship.columns[at]!];
    const name = wholeColumn(target, text);
    if (value === null || value === undefined || name === null) return null;
    preset[name] = value;
  }
  return preset;
}
