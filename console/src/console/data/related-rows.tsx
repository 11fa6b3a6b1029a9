// The first rows of a relationship of one row, how many there are, and the way to all of them.
import { ActionIcon, Badge, Group, Skeleton, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconPlus } from '@tabler/icons-react';
import { tableOf } from '../api/queries';
import type { Catalog, Relationship, Table } from '../api/types';
import { links } from '../links';
import { Problem } from '../parts/problem';
import { TableName } from '../parts/table-name';
import { useEditor } from './edit/editor';
import { followed } from './follow';
import { Go } from './go';
import { ROWS } from './page-query';
import { belongingTo } from './preset';
import { References } from './reference';
import { useRelated, type Short } from './related-query';
import { isNumeric, labelOf, textOf, toldId, type Row } from './rows';
import { onwards, type Stop } from './trail';
import { Value } from './value';
import classes from './data.module.css';

interface Props {
  catalog: Catalog;
  table: Table;
  row: Pick<Row, 'id' | 'values'>;
  relationship: Relationship;
  trail: Stop[];
  /** Of the row, for the way back. */
  label: string;
}

export function RelatedRows({ catalog, table, row, relationship, trail, label }: Props) {
  const target = tableOf(catalog, relationship.target);
  const { data, error, isPending } = useRelated(catalog, table, row.id, relationship);
  if (!target) return null;
  const filter = followed(catalog, table, row, relationship);
  const stop = { label, to: row.id ? links.row(table, row.id) : links.rows(table), by: relationship.name };
  const way = onwards(trail, stop).trail;
  return (
    <section aria-label={relationship.name}>
      <Group gap="xs" mb={4} wrap="wrap">
        <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>{relationship.name}</Text>
        {data && (
          <Badge variant="light" size="sm" circle={data.count !== null && data.count < 10} aria-label={`${data.count ?? 'unknown'} rows`}>
            {data.count ?? '?'}
          </Badge>
        )}
        <TableName id={target.id} size="xs" />
        <Group gap="xs" ml="auto" wrap="nowrap">
          {data && filter && Boolean(data.count) && (
            <Text size="xs">
              <Go to={links.rows(target, { filter })} trail={way}>{data.count === 1 ? 'show the row' : `show all ${data.count}`}</Go>
            </Text>
          )}
          <Add catalog={catalog} target={target} row={row} relationship={relationship} full={!relationship.many && Boolean(data?.count)} />
        </Group>
      </Group>
      {isPending && <Skeleton h={24} role="status" aria-label="Loading" />}
      {error && <Problem error={error} />}
      {data?.away && <Text size="xs" c="dimmed">{data.away} does not answer: its rows are not known</Text>}
      {data && !data.rows.length && !data.away && <Text size="xs" c="dimmed">no row</Text>}
      {data && data.rows.length > 0 && <Mini catalog={catalog} target={target} columns={data.columns} rows={data.rows} trail={way}
        name={relationship.name} />}
    </section>
  );
}

interface AddProps { catalog: Catalog; target: Table; row: Pick<Row, 'values'>; relationship: Relationship; full: boolean }

function Add({ catalog, target, row, relationship, full }: AddProps) {
  const editor = useEditor();
  const queries = useQueryClient();
  const preset = belongingTo(catalog, target, row, relationship);
  if (!preset || full) return null;
  const add = async () => { if (await editor.create(target, preset)) await queries.invalidateQueries({ queryKey: [ROWS] }); };
  return (
    <ActionIcon variant="default" size={20} onClick={add} aria-label={`New row of ${relationship.name}`} title={`New row of ${target.id}`}>
      <IconPlus size={12} />
    </ActionIcon>
  );
}

interface MiniProps {
  catalog: Catalog;
  target: Table;
  columns: Short[];
  rows: Row[];
  trail: Stop[];
  name: string;
}

function Mini({ catalog, target, columns, rows, trail, name }: MiniProps) {
  return (
    <table className={classes.mini} aria-label={`First rows of ${name}`}>
      <thead>
        <tr>
          {columns.map(({ column, reference }) => (
            <th key={column.name} scope="col" className={!reference && isNumeric(column, rows) ? classes.number : undefined}>{column.name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, at) => (
          <tr key={`${row.key} ${at}`}>
            {columns.map((short, index) => (
              <td key={short.column.name} className={!short.reference && isNumeric(short.column, rows) ? classes.number : undefined}>
                {index === 0 && row.id
                  ? <Go to={links.row(target, row.id)} trail={trail} title={labelOf(target, row)}>{toldId(textOf(row.values[short.column.name]))}</Go>
                  : <Brief catalog={catalog} target={target} row={row} trail={trail} {...short} />}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Brief({ catalog, target, row, trail, column, reference }: Short & { catalog: Catalog; target: Table; row: Row; trail: Stop[] }) {
  const value = row.values[column.name];
  if (!reference) return <span className={isNumeric(column, [row]) ? undefined : classes.cell}><Value column={column} value={value} /></span>;
  const stop = { label: `${target.name} ${labelOf(target, row)}`, to: row.id ? links.row(target, row.id) : links.rows(target) };
  return (
    <span className={classes.cell}>
      {value !== undefined && <Value column={column} value={value} />}
      <References catalog={catalog} table={target} row={row} relationship={reference} trail={trail} stop={stop} most={1} />
    </span>
  );
}
