// A table, what is asked of it, and what is embedded, as requests of REST and of GraphQL.
import { tableOf } from '../api/queries';
import { addressOf, restFields, tablePath } from '../api/rest';
import type { Catalog, Column, Table } from '../api/types';
import type { ViewState } from '../data/state';
import { columnField, graphqlFilter, orderOf } from '../data/to-graphql';
import { restFilter, restOrder } from '../data/to-rest';
import type { Embed } from './embeds';

/** The columns to answer; all where none is named. */
export const ownColumns = (table: Table, { shown }: ViewState): string[] =>
  (shown ?? []).filter((name) => table.columns.some((column) => column.name === name));

export function restRequest(catalog: Catalog, table: Table, state: ViewState, embeds: Embed[]): string {
  const options = embeds.filter(({ count, fields }) => !count && fields.length)
    .map(({ relationship: { name }, fields }) => [`${name}.fields`, restFields(fields)]);
  return addressOf(tablePath(table), {
    fields: restFields(ownColumns(table, state)) || undefined,
    filter: restFilter(catalog, table, state.filter) || undefined,
    order: restOrder(state.order) || undefined,
    limit: String(state.size),
    offset: offsetOf(state)?.toString(),
    related: embeds.map(({ relationship: { name }, count }) => (count ? `${name}.count()` : name)).join(',') || undefined,
    ...Object.fromEntries(options),
  });
}

/** Null where GraphQL does not have the table. */
export function graphqlRequest(catalog: Catalog, table: Table, state: ViewState, embeds: Embed[]): string | null {
  if (!table.graphql) return null;
  const filter = graphqlFilter(catalog, table, state.filter);
  const orders = state.order.flatMap((order) => orderOf(catalog, table, order) ?? []);
  const given = [
    ...(filter ? [`filter: ${filter}`] : []),
    ...(orders.length ? [`order_by: [${orders.join(', ')}]`] : []),
    `limit: ${state.size}`,
    ...(offsetOf(state) ? [`offset: ${offsetOf(state)}`] : []),
  ];
  const lines = [...fieldsOf(table, ownColumns(table, state)), ...embeds.flatMap((embed) => embedded(catalog, embed) ?? [])];
  return `{\n  ${table.graphql.list}(${given.join(', ')}) {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n}`;
}

const offsetOf = ({ place }: ViewState) => (place && 'offset' in place ? place.offset : undefined);

function fieldsOf(table: Table, names: string[]): string[] {
  const columns: Column[] = names.length ? names.flatMap((name) => table.columns.find((column) => column.name === name) ?? []) : table.columns;
  const fields = columns.flatMap((column) => columnField(column) ?? []);
  return fields.length ? fields : ['__typename'];
}

function embedded(catalog: Catalog, { relationship: { graphql, target }, count, fields }: Embed): string | null {
  if (!graphql) return null;
  if (count) return graphql.aggregate && `${graphql.aggregate} { count }`;
  const table = tableOf(catalog, target);
  return `${graphql.field} { ${(table ? fieldsOf(table, fields) : ['__typename']).join(' ')} }`;
}
