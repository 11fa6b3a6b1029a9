// The first rows of a relationship of one row, with the names of what they refer to themselves.
import { useQuery } from '@tanstack/react-query';
import { ApiError } from '../api/client';
import { isObject } from '../api/json';
import { wholeColumn } from '../api/paths';
import { tableOf } from '../api/queries';
import { readRow, restFields } from '../api/rest';
import type { Catalog, Column, Relationship, Table } from '../api/types';
import { naming } from './fields';
import { ROWS } from './page-query';
import { awayOf } from './record';
import { rowOfRecord, type Row } from './rows';

const FIRST = 5;
const COLUMNS = 4;

/** A column that is shown, and the relationship that begins there. */
export interface Short { column: Column; reference: Relationship | null }

interface RelatedPage { rows: Row[]; columns: Short[]; count: number | null; away: string | null }

export function useRelated(catalog: Catalog, table: Table, id: string[] | null, relationship: Relationship) {
  return useQuery({
    queryKey: [ROWS, table.id, 'related', catalog.revision, id, relationship.name],
    enabled: id !== null,
    queryFn: async ({ signal }) => {
      try {
        return await read(catalog, table, id!, relationship, true, signal);
      } catch (error) {
        if (!(error instanceof ApiError) || error.reason !== 'SOURCE_UNAVAILABLE') throw error;
        // What the rows refer to may be in the source that is away.
        return read(catalog, table, id!, relationship, false, signal);
      }
    },
  });
}

async function read(catalog: Catalog, table: Table, id: string[], relationship: Relationship, deep: boolean,
  signal: AbortSignal): Promise<RelatedPage> {
  const { name, many } = relationship;
  const target = tableOf(catalog, relationship.target)!;
  const columns = shortColumns(target, relationship).map(({ column, reference }) => ({ column, reference: deep ? reference : null }));
  const further = columns.flatMap(({ reference }) => reference ?? []);
  const related = [name, ...(many ? [`${name}.count()`] : []), ...further.map((one) => `${name}.${one.name}`)].join(',');
  const options = further.map((one) => [`${name}.${one.name}.fields`,
    restFields(naming(catalog, one.target, one.target_columns)?.columns.map((column) => column.name) ?? []) || '*']);
  const record = await readRow(table, id,
    { fields: '', related, ...(many ? { [`${name}.limit`]: String(FIRST) } : {}), ...Object.fromEntries(options) }, signal);
  const nested = record[name];
  const rows = (Array.isArray(nested) ? nested : [nested]).filter(isObject).map((one, at) => rowOfRecord(catalog, target, one, at, further));
  const counted = record[`${name}_aggregate`];
  const count = many ? (isObject(counted) && typeof counted.count === 'number' ? counted.count : null) : rows.length;
  return { rows, columns, count, away: awayOf(record) };
}

/** What tells a row best in little room: its key, its label, and what comes next; not what is the same in all rows. */
function shortColumns(table: Table, { through, target_columns: same, key }: Relationship): Short[] {
  const hidden = through ? [] : same.flatMap((text) => wholeColumn(table, text) ?? []);
  const keys = table.columns.filter(({ name }) => table.primary_key.includes(name));
  const label = table.columns.filter(({ name }) => name === table.label && !keys.some((one) => one.name === name) && !hidden.includes(name));
  const others = table.columns.filter((column) => !keys.includes(column) && !label.includes(column) && !hidden.includes(column.name)
    && !['json', 'bytes'].includes(column.type));
  return [...keys, ...label, ...others].slice(0, COLUMNS).map((column) => ({ column, reference: referenceOf(table, column, key) }));
}

const referenceOf = (table: Table, { name }: Column, back: string) => table.relationships.find(
  ({ kind, many, columns, key }) => kind === 'belongs_to' && !many && key !== back && columns.length === 1 && wholeColumn(table, columns[0]!) === name,
) ?? null;
