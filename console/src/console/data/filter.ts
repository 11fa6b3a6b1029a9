// A filter of rows: groups of which one must hold, each of conditions which all must. As text, in the address:
// `country eq DE and customers.plan in pro,team or email is_null`.
import type { Catalog, Column, Relationship, Table } from '../api/types';
import { tableOf } from '../api/queries';
import { parts, readPath, readValue, words, writePath, writeValue } from './words';

export type Operator =
  | 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'in' | 'not_in' | 'between' | 'contains' | 'starts_with' | 'ends_with' | 'like'
  | 'is_null' | 'not_null' | 'some' | 'none';

export interface Condition {
  /** Relationships, and behind them a column; for `some` and `none` relationships alone. */
  path: string[];
  operator: Operator;
  /** One text, several for lists, none for the tests of NULL. */
  values: string[];
}

/** Or of ands. */
export type Filter = Condition[][];

/** What each operator is called, and how many values it takes. */
export const OPERATORS: Record<Operator, { label: string; values: 0 | 1 | 2 | 'many' }> = {
  eq: { label: '=', values: 1 },
  ne: { label: '≠', values: 1 },
  gt: { label: '>', values: 1 },
  gte: { label: '≥', values: 1 },
  lt: { label: '<', values: 1 },
  lte: { label: '≤', values: 1 },
  in: { label: 'is one of', values: 'many' },
  not_in: { label: 'is none of', values: 'many' },
  between: { label: 'is between', values: 2 },
  contains: { label: 'contains', values: 1 },
  starts_with: { label: 'starts with', values: 1 },
  ends_with: { label: 'ends with', values: 1 },
  like: { label: 'is like', values: 1 },
  is_null: { label: 'is NULL', values: 0 },
  not_null: { label: 'is not NULL', values: 0 },
  some: { label: 'has a row', values: 0 },
  none: { label: 'has no row', values: 0 },
};

const ORDERED: Operator[] = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'not_in', 'between'];
const NULLS: Operator[] = ['is_null', 'not_null'];

/** What can be asked of a column of this type. */
export function operatorsOf(column: Column): Operator[] {
  const nulls = column.nullable ? NULLS : [];
  switch (column.type) {
    case 'json': case 'bytes': return NULLS;
    case 'boolean': return ['eq', 'ne', ...nulls];
    case 'enum': return ['eq', 'ne', 'in', 'not_in', ...nulls];
    case 'text': case 'other': return ['eq', 'contains', 'starts_with', 'ends_with', 'like', ...ORDERED.slice(1), ...nulls];
    default: return [...ORDERED, ...nulls];
  }
}

export function parseFilter(text: string | null): Filter {
  const left = words(text ?? '');
  const filter: Filter = [];
  let group: Condition[] = [];
  while (left.length) {
    const path = left.shift()!;
    const operator = left.shift() as Operator | undefined;
    if (!operator || !Object.hasOwn(OPERATORS, operator)) break;
    const values = OPERATORS[operator].values === 0 ? [] : parts(left.shift() ?? "''", ',').map(readValue);
    group.push({ path: readPath(path), operator, values });
    if (left.shift() === 'or') { filter.push(group); group = []; }
  }
  return [...filter, group].filter((conditions) => conditions.length);
}

export const printFilter = (filter: Filter) =>
  filter.filter((group) => group.length).map((group) => group.map(printCondition).join(' and ')).join(' or ');

const printCondition = ({ path, operator, values }: Condition) =>
  [writePath(path), operator, ...(values.length ? [values.map(writeValue).join(',')] : [])].join(' ');

/** A path's relationships and its column, as the catalog has them; null where it leads nowhere. */
export function resolve(catalog: Catalog, table: Table, path: string[]): { through: Relationship[]; column: Column | null; table: Table } | null {
  const through: Relationship[] = [];
  let at = table;
  for (const [index, name] of path.entries()) {
    const last = index === path.length - 1;
    const column = last ? at.columns.find((one) => one.name === name) : undefined;
    if (column) return { through, column, table: at };
    const next = at.relationships.find((one) => one.name === name);
    const target = next && tableOf(catalog, next.target);
    if (!next || !target) return null;
    through.push(next);
    at = target;
  }
  return { through, column: null, table: at };
}

/** As `resolve`, for a condition: `some` and `none` are of a relationship, even one that is named like a column. */
export function resolveCondition(catalog: Catalog, table: Table, { path, operator }: Pick<Condition, 'path' | 'operator'>) {
  if (operator !== 'some' && operator !== 'none') {
    const found = resolve(catalog, table, path);
    return found?.column ? found : null;
  }
  const before = resolve(catalog, table, path.slice(0, -1));
  const last = before && before.column === null ? before.table.relationships.find(({ name }) => name === path.at(-1)) : undefined;
  const target = last && tableOf(catalog, last.target);
  return before && last && target ? { through: [...before.through, last], column: null, table: target } : null;
}
