// From a row along a relationship: the filter of the target's rows that belong to it, as text for the address.
import type { Catalog, Relationship, Table } from '../api/types';
import { wholeColumn } from '../api/paths';
import { tableOf } from '../api/queries';
import { printFilter, type Condition } from './filter';
import { textOf, type Row } from './rows';

// Classes of keys whose values a filter compares in the same way.
const PLAIN = new Set(['int', 'decimal', 'text', 'uuid']);

/** Null where no filter says it, as where the target does not know the way back. */
export function followed(catalog: Catalog, table: Table, row: Pick<Row, 'values' | 'id'>, relationship: Relationship): string | null {
  const key = catalog.keys.find(({ id }) => id === relationship.key);
  const target = tableOf(catalog, relationship.target);
  if (!key || !target) return null;
  const columns = relationship.target_columns.flatMap((text) => wholeColumn(target, text) ?? []);
  const plain = !relationship.through && relationship.kind !== 'belongs_to' && !Object.keys(key.when).length
    && key.class.every((one) => PLAIN.has(one)) && columns.length === relationship.target_columns.length;
  const values = relationship.columns.map((name) => row.values[name]);
  if (plain && values.every((value) => value !== null && value !== undefined)) {
    return printFilter([columns.map((name, at): Condition => ({ path: [name], operator: 'eq', values: [textOf(values[at])] }))]);
  }
  const back = inverse(table, target, relationship);
  if (!back || !row.id) return null;
  return printFilter([table.primary_key.map((name, at): Condition => ({ path: [back.name, name], operator: 'eq', values: [row.id![at]!] }))]);
}

/** The same key, or pair of keys, as the target sees it. */
function inverse(table: Table, target: Table, { kind, key, through, name }: Relationship): Relationship | undefined {
  return target.relationships.find((other) => {
    if (other.target !== table.id || (target === table && other.name === name)) return false;
    if (through) return other.through?.table === through.table && other.through.key === key && other.key === through.key;
    return !other.through && other.key === key && (other.kind === 'belongs_to') !== (kind === 'belongs_to');
  });
}
