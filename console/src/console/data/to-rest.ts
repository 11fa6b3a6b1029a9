// What a view asks for, in the words of REST.
import { restName } from '../api/rest';
import type { Catalog, Column, Table } from '../api/types';
import { OPERATORS, resolveCondition, type Condition, type Filter } from './filter';
import type { Order } from './state';

/** A line for a shell, as one types it. */
export const curlLine = (origin: string, url: string) => `curl -s ${shellQuoted(origin + url)}`;

const shellQuoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

export function restFilter(catalog: Catalog, table: Table, filter: Filter): string {
  const groups = filter.map((group) => group.flatMap((condition) => comparison(catalog, table, condition) ?? [])).filter((group) => group.length);
  if (groups.length === 1) return groups[0]!.join(' and ');
  return groups.map((group) => (group.length > 1 ? `(${group.join(' and ')})` : group[0])).join(' or ');
}

export const restOrder = (order: Order[]) =>
  order.map(({ path, descending }) => restName(...path) + (descending ? ' desc' : '')).join(',');

const SIGNS: Partial<Record<Condition['operator'], string>> = {
  eq: '=', ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=', like: 'like', contains: 'contains', starts_with: 'starts with', ends_with: 'ends with',
};

function comparison(catalog: Catalog, table: Table, condition: Condition): string | null {
  const found = resolveCondition(catalog, table, condition);
  if (!found) return null;
  const what = restName(...condition.path);
  const { operator } = condition;
  if (operator === 'some') return `${what}.count() > 0`;
  if (operator === 'none') return `${what}.count() = 0`;
  if (operator === 'is_null') return `${what} is null`;
  if (operator === 'not_null') return `${what} is not null`;
  const values = condition.values.map((value) => restValue(found.column!, value));
  if (OPERATORS[operator].values === 'many') return `${what} ${operator === 'in' ? 'in' : 'not in'} (${values.join(', ')})`;
  if (operator === 'between') return `${what} between ${values[0]} and ${values[1] ?? values[0]}`;
  return `${what} ${SIGNS[operator]} ${values[0] ?? "''"}`;
}

const PLAIN = new Set(['integer', 'bigint', 'decimal', 'float', 'boolean']);

const restValue = (column: Column, value: string) =>
  PLAIN.has(column.type) && /^(-?\d+(\.\d+)?|true|false)$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`;
