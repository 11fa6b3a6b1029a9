// How each source is.
import { Badge, Group, Table, Text } from '@mantine/core';
import type { SourceHealth } from '../api/types';
import { SourceDot } from '../parts/table-name';
import { Scroll } from '../parts/scroll';

const KINDS = { postgres: 'PostgreSQL', mysql: 'MySQL', sqlite: 'SQLite' };
const COLOURS = { up: 'green', down: 'red', unknown: 'orange' };

export function Sources({ sources }: { sources: SourceHealth[] }) {
  return (
    <Scroll label="Sources" minWidth={820}>
      <Table fz={13} aria-label="Sources" style={{ whiteSpace: 'nowrap' }}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Source</Table.Th><Table.Th>State</Table.Th><Table.Th>Connections in use</Table.Th>
            {['Statements', 'Errors', 'Mean time', 'Keys per statement', 'Cache hits'].map((head) => <Table.Th key={head}
              ta="right">{head}</Table.Th>)}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{sources.map((source) => <Row key={source.name} source={source} />)}</Table.Tbody>
      </Table>
    </Scroll>
  );
}

function Row({ source: { name, kind, state, read_only, pool, statements, errors, seconds, lookup_keys, cache } }: { source: SourceHealth }) {
  return (
    <Table.Tr>
      <Table.Td><Group gap={6} wrap="nowrap"><SourceDot source={name} size={8} />{name} <Text span size="xs"
        c="dimmed">{KINDS[kind]}{read_only && ', read only'}</Text></Group></Table.Td>
      <Table.Td><Badge variant="light" c="inherit" color={COLOURS[state]} size="sm" tt="none" miw="max-content">{state}</Badge></Table.Td>
      <Table.Td>{pool.open === null ? `up to ${pool.max}` : <>{pool.open - (pool.idle ?? 0)} of {pool.max} <Text span size="xs"
        c="dimmed">{pool.idle ?? 0} idle</Text></>}</Table.Td>
      <Table.Td ta="right">{statements.toLocaleString('en')}</Table.Td>
      <Table.Td ta="right" c={errors ? 'var(--mantine-color-error)' : undefined}
        fw={errors ? 600 : undefined}>{errors.toLocaleString('en')}</Table.Td>
      <Table.Td ta="right">{statements ? milliseconds(seconds / statements) : '–'}</Table.Td>
      <Table.Td ta="right">{statements ? (lookup_keys / statements).toFixed(1) : '–'}</Table.Td>
      <Table.Td ta="right">{cache ? <Hits cache={cache} /> : <Text span size="xs" c="dimmed">no cache</Text>}</Table.Td>
    </Table.Tr>
  );
}

function Hits({ cache: { hits, misses, refused_stale, ttl } }: { cache: NonNullable<SourceHealth['cache']> }) {
  const asked = hits + misses;
  return (
    <>
      {asked ? `${((100 * hits) / asked).toFixed(0)} %` : '–'}
      <Text span size="xs" c="dimmed" ml={6}>of {asked.toLocaleString('en')}, {Number(ttl)} s{refused_stale > 0 && `, ${refused_stale} too old`}</Text>
    </>
  );
}

export const milliseconds = (seconds: number) => (seconds >= 1 ? `${seconds.toFixed(2)} s` : `${(1000 * seconds).toFixed(seconds < 0.01 ? 2 : 0)} ms`);
