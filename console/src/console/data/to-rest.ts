// A view as a request of REST.
import type { Catalog, Column, Table } from '../api/types';
import { OPERATORS, resolveCondition, type Condition, type Filter } from './filter';
import { naming, shownFields } from './fields';
import type { Order, ViewState } from './state';

/** The address, from `/api` on, that answers what the view shows; with the rows that are referred to, and counts of the others. */
export function restUrl(catalog: Catalog, table: Table, state: ViewState): string {
  const related = relatedOf(catalog, table, state);
  const columns = state.shown && shownFields(table, state).flatMap((field) => (field.kind === 'column' ? [field.column.name] : []));
  return rowsUrl(table, {
    fields: columns?.length ? columns.map(restName).join(',') : undefined,
    filter: restFilter(catalog, table, state.filter) || undefined,
    order: restOrder(state.order) || undefined,
    limit: String(state.size),
    offset: state.place && 'offset' in state.place ? String(state.place.offset) : undefined,
    include_count: 'true',
    ...related,
  });
}

/** A line for a shell, as one types it. */
export const curlLine = (origin: string, url: string) => `curl -s ${shellQuoted(origin + url)}`;

const shellQuoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** A table's address with parameters; what a reader can read as it is stays so. */
export function rowsUrl(table: Pick<Table, 'source' | 'name'>, given: Record<string, string | undefined>, id?: string[]): string {
  const params = Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== undefined)
    .map(([name, value]) => `${legible(name)}=${legible(value)}`);
  const row = id ? `/${idPath(id)}` : '';
  return `/api/v2/${encodeURIComponent(table.source)}/_table/${encodeURIComponent(table.name)}${row}${params.length ? `?${params.join('&')}` : ''}`;
}

// A single identifier may hold commas; of several each comma parts two.
const idPath = (id: string[]) => id.map(encodeURIComponent).join(',');

// Apostrophes are encoded, so that a shell's quotes can stand around it all.
const legible = (text: string) => encodeURIComponent(text).replace(/%(2C|3A|2F|40)/gi, decodeURIComponent).replaceAll("'", '%27');

export function restFilter(catalog: Catalog, table: Table, filter: Filter): string {
  const groups = filter.map((group) => group.flatMap((condition) => comparison(catalog, table, condition) ?? [])).filter((group) => group.length);
  if (groups.length === 1) return groups[0]!.join(' and ');
  return groups.map((group) => (group.length > 1 ? `(${group.join(' and ')})` : group[0])).join(' or ');
}

export const restOrder = (order: Order[]) =>
  order.map(({ path, descending }) => path.map(restName).join('.') + (descending ? ' desc' : '')).join(',');

const SIGNS: Partial<Record<Condition['operator'], string>> = {
  eq: '=', ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=', like: 'like', contains: 'contains', starts_with: 'starts with', ends_with: 'ends with',
};

function comparison(catalog: Catalog, table: Table, condition: Condition): string | null {
  const found = resolveCondition(catalog, table, condition);
  if (!found) return null;
  const what = condition.path.map(restName).join('.');
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

const restName = (name: string) => (/^[\p{L}_][\p{L}\p{N}_$.]*$/u.test(name) ? name : `"${name}"`);

/** Rows that are referred to, by name alone, and how many others refer to each row. */
function relatedOf(catalog: Catalog, table: Table, state: ViewState): Record<string, string | undefined> {
  const names: string[] = [];
  const options: Record<string, string> = {};
  for (const field of shownFields(table, state)) {
    const ones = field.kind === 'column' ? field.references : field.relationship.many ? [] : [field.relationship];
    for (const one of ones) {
      names.push(one.name);
      const named = naming(catalog, one.target);
      if (named?.columns.length) options[`${one.name}.fields`] = named.columns.map(({ name }) => restName(name)).join(',');
    }
    if (field.kind === 'relationship' && field.relationship.many) names.push(`${field.relationship.name}.count()`);
  }
  return { related: names.length ? names.join(',') : undefined, ...options };
}
