// A view as a query of GraphQL.
import type { Catalog, Column, ColumnType, Kind, Relationship, Table } from '../api/types';
import { tableOf } from '../api/queries';
import { resolve, resolveCondition, type Condition, type Filter } from './filter';
import { naming, shownFields, type Field } from './fields';
import type { Order, ViewState } from './state';

// Types whose values these databases order by other rules than they compare them.
const COARSE: Record<Kind, ColumnType[]> = {
  postgres: [], mysql: ['enum', 'boolean', 'float'], sqlite: ['date', 'time', 'datetime', 'timestamp'],
};

/** Whether such a view is read page by page with cursors. */
export function hasCursors(catalog: Catalog, table: Table, { order, place }: Pick<ViewState, 'order' | 'place'>): boolean {
  const kind = catalog.sources.find(({ name }) => name === table.source)?.kind ?? 'postgres';
  const ordered = ({ path }: Order) => path.length === 1 && table.columns.some(({ name, type }) => name === path[0] && !COARSE[kind].includes(type));
  return Boolean(table.graphql?.connection) && !(place && 'offset' in place) && order.every(ordered);
}

/** A page by cursor. */
export function connectionText(catalog: Catalog, table: Table, state: ViewState, without: string[] = []): string {
  const { place } = state;
  const page = place && 'before' in place ? [`last: ${state.size}`, `before: ${JSON.stringify(place.before)}`]
    : place && 'last' in place ? [`last: ${state.size}`]
      : [`first: ${state.size}`, ...(place && 'after' in place ? [`after: ${JSON.stringify(place.after)}`] : [])];
  const called = `${table.graphql!.connection}(${[...chosen(catalog, table, state), ...page].join(', ')})`;
  const node = block('node', selection(catalog, table, shownFields(table, state), without));
  return block('', block(called, [
    'totalCount', ...block('edges', ['cursor', ...node]), 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }',
  ])).join('\n').trim();
}

/** A page by its place, for orders that cursors do not have. */
export function listText(catalog: Catalog, table: Table, state: ViewState, without: string[] = []): string {
  if (!table.graphql) return '';
  const where = chosen(catalog, table, { ...state, order: [] });
  const offset = state.place && 'offset' in state.place ? [`offset: ${state.place.offset}`] : [];
  const called = `${table.graphql.list}(${[...chosen(catalog, table, state), `limit: ${state.size}`, ...offset].join(', ')})`;
  const count = `${table.graphql.aggregate}${where.length ? `(${where.join(', ')})` : ''} { count }`;
  return block('', [...block(called, selection(catalog, table, shownFields(table, state), without)), count]).join('\n').trim();
}

const block = (head: string, lines: string[]) => [`${head} {`.trim(), ...lines.map((line) => `  ${line}`), '}'];

function chosen(catalog: Catalog, table: Table, { filter, order }: Pick<ViewState, 'filter' | 'order'>): string[] {
  const where = graphqlFilter(catalog, table, filter);
  const orders = order.flatMap((one) => orderOf(catalog, table, one) ?? []);
  return [...(where ? [`filter: ${where}`] : []), ...(orders.length ? [`order_by: [${orders.join(', ')}]`] : [])];
}

/** Fields of a row: what is shown, and the primary key; `without`: nothing of related rows in these sources. */
function selection(catalog: Catalog, table: Table, fields: Field[], without: string[]): string[] {
  const own = new Set(table.primary_key);
  const related: Relationship[] = [];
  for (const field of fields) {
    if (field.kind === 'relationship') { related.push(field.relationship); continue; }
    own.add(field.column.name);
    related.push(...field.references);
  }
  // Whatever the keys start from tells a reference without a row from none.
  const columns = table.columns.filter(({ name }) => own.has(name)).flatMap((column) => columnField(column) ?? []);
  const away = (id: string | undefined) => id !== undefined && without.includes(tableOf(catalog, id)?.source ?? '');
  const there = [...new Set(related)].filter(({ target, through }) => !away(target) && !away(through?.table));
  return [...columns, ...there.flatMap((one) => relatedField(catalog, one) ?? [])];
}

export const columnField = ({ graphql }: Column) => (graphql ? graphql.field + (graphql.documents ? ' { _json }' : '') : null);

function relatedField(catalog: Catalog, relationship: Relationship): string | null {
  const { graphql, kind, many, target, target_columns: columns } = relationship;
  if (!graphql) return null;
  if (many && kind !== 'belongs_to') return graphql.aggregate && `${graphql.aggregate} { count }`;
  const named = naming(catalog, target, columns);
  const fields = named?.columns.flatMap((column) => columnField(column) ?? []) ?? [];
  return `${graphql.field} { ${fields.length ? fields.join(' ') : '__typename'} }`;
}

/** The argument `filter`, or null where there is none. */
export function graphqlFilter(catalog: Catalog, table: Table, filter: Filter): string | null {
  const groups = filter.map((group) => group.flatMap((condition) => test(catalog, table, condition) ?? [])).filter((group) => group.length);
  const all = groups.map((group) => (group.length > 1 ? `{and: [${group.join(', ')}]}` : group[0]!));
  return all.length > 1 ? `{or: [${all.join(', ')}]}` : all[0] ?? null;
}

function test(catalog: Catalog, table: Table, condition: Condition): string | null {
  const found = resolveCondition(catalog, table, condition);
  if (!found || found.through.some(({ graphql }) => !graphql)) return null;
  const { operator } = condition;
  if (!found.column) return wrapped(found.through, '{}', operator === 'none');
  const field = found.column.graphql?.field;
  return field ? wrapped(found.through, `{${field}: {${comparison(found.column, condition)}}}`, false) : null;
}

/** A test of the last row of a path, as one of the first; `without`: there is no last row. */
function wrapped(through: Relationship[], inner: string, without: boolean): string {
  return through.reduceRight((text, { many, graphql }, index) => {
    const negated = without && index === through.length - 1;
    if (many) return `{${graphql!.field}: {${negated ? 'none' : 'some'}: ${text}}}`;
    return negated ? `{not: {${graphql!.field}: ${text}}}` : `{${graphql!.field}: ${text}}`;
  }, inner);
}

function comparison(column: Column, { operator, values }: Condition): string {
  const literals = values.map((value) => literal(column, value));
  switch (operator) {
    case 'is_null': return 'is_null: true';
    case 'not_null': return 'is_null: false';
    case 'in': case 'not_in': return `${operator}: [${literals.join(', ')}]`;
    case 'between': return `between: [${literals[0]}, ${literals[1] ?? literals[0]}]`;
    case 'contains': case 'starts_with': case 'ends_with': case 'like': return `${operator}: ${JSON.stringify(values[0] ?? '')}`;
    default: return `${operator}: ${literals[0] ?? '""'}`;
  }
}

const NUMBERS = new Set(['integer', 'bigint', 'decimal', 'float', 'other']);

function literal({ type }: Column, value: string): string {
  if (type === 'boolean') return String(['true', '1', 'yes'].includes(value.toLowerCase()));
  return NUMBERS.has(type) && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value) ? value : JSON.stringify(value);
}

/** One of the argument `order_by`; null where GraphQL does not have it. */
export function orderOf(catalog: Catalog, table: Table, { path, descending }: Order): string | null {
  const found = resolve(catalog, table, path);
  if (!found?.column?.graphql || found.through.some(({ graphql }) => !graphql)) return null;
  const last = `{${found.column.graphql.field}: ${descending ? 'desc' : 'asc'}}`;
  return found.through.reduceRight((text, { graphql }) => `{${graphql!.field}: ${text}}`, last);
}
