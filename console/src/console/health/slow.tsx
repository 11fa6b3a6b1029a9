// The slowest statements of late.
import { Table, Text } from '@mantine/core';
import type { SlowStatement } from '../api/types';
import { TableName } from '../parts/table-name';
import { Scroll } from '../parts/scroll';
import { milliseconds } from './sources';

const SHOWN = 10;

export function Slow({ slow }: { slow: SlowStatement[] }) {
  if (!slow.length) return <Text size="sm" c="dimmed">None yet.</Text>;
  return (
    <Scroll label="Slow lookups and pages" minWidth={560} maxHeight={300}>
      <Table fz={13} aria-label="Slow lookups and pages">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Table</Table.Th><Table.Th>Kind</Table.Th>{['Time', 'Keys', 'Rows'].map((head) => <Table.Th key={head}
              ta="right">{head}</Table.Th>)}<Table.Th>When</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {slow.slice(0, SHOWN).map(({ at, source, table, kind, seconds, rows, keys }, index) => (
            <Table.Tr key={`${at} ${index}`}>
              <Table.Td><TableName id={table.startsWith(`${source}.`) ? table : `${source}.${table}`} /></Table.Td>
              <Table.Td>{kind}</Table.Td>
              <Table.Td ta="right">{milliseconds(seconds)}</Table.Td>
              <Table.Td ta="right">{kind === 'lookup' ? keys.toLocaleString('en') : ''}</Table.Td>
              <Table.Td ta="right">{rows.toLocaleString('en')}</Table.Td>
              <Table.Td><time dateTime={at}>{new Date(at).toLocaleTimeString('en-GB')}</time></Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  );
}
