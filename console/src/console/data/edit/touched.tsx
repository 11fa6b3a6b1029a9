// What a write touches in all databases, and who stands in its way.
import { Alert, Anchor, Box, Group, Stack, Table, Text } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useRouter } from 'wouter';
import { useCatalog } from '../../api/queries';
import type { Catalog } from '../../api/types';
import { links } from '../../links';
import { SourceDot, TableName } from '../../parts/table-name';
import { plainly } from './describe';
import { KeyLink, keyNamed } from './key-link';
import type { Referrer, Refused } from './refused';
import type { Change } from './write';

/** The changes of a dry run, by source. */
export function Touched({ changes }: { changes: Change[] }) {
  const { data: catalog } = useCatalog();
  const sources = [...new Set(changes.map(({ table }) => sourceOf(table)))];
  return (
    <Stack gap="sm">
      {sources.map((source) => (
        <Box key={source}>
          <Group gap={6} mb={4}><SourceDot source={source} /><Text size="sm" fw={600}>{source}</Text></Group>
          <Table.ScrollContainer minWidth={500} type="native">
            <Table withTableBorder layout="fixed" aria-label={`What this touches in ${source}`}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th w="30%">Table</Table.Th><Table.Th w="12%">Rows</Table.Th><Table.Th w="26%">What happens</Table.Th><Table.Th>By the key</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {changes.filter(({ table }) => sourceOf(table) === source).map((change, at) => (
                  <Table.Tr key={at}>
                    <Table.Td><Text size="sm" style={{ overflowWrap: 'anywhere' }}>{change.table.slice(source.length + 1)}</Text></Table.Td>
                    <Table.Td style={{ fontVariantNumeric: 'tabular-nums' }}>{String(change.rows)}</Table.Td>
                    <Table.Td>{happens(change)}</Table.Td>
                    <Table.Td>{change.foreign_key === null ? <Text size="sm" c="dimmed">named by you</Text> : <KeyRule catalog={catalog} change={change} />}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Box>
      ))}
    </Stack>
  );
}

export const countOf = (changes: Change[]) => changes.reduce((sum, { rows }) => sum + Number(rows), 0);

function KeyRule({ catalog, change }: { catalog?: Catalog; change: Change }) {
  const key = keyNamed(catalog, change.table, change.foreign_key);
  const rule = key && (change.action === 'update' ? `on_update = ${key.on_update}` : `on_delete = ${key.on_delete}`);
  return <Text size="sm" style={{ overflowWrap: 'anywhere' }}><KeyLink name={change.foreign_key!} shown={key} />
    {rule && <Text span size="xs" c="dimmed"> {rule}</Text>}</Text>;
}

function happens({ action, foreign_key: key }: Change) {
  switch (action) {
    case 'delete': return 'deleted';
    case 'set_null': return 'reference taken out (set_null)';
    case 'insert': return 'added';
    case 'update': return key === null ? 'changed' : 'gets the new value (cascade)';
    default: return action;
  }
}

/** Why a row stays as it is: who refers to it. */
export function Refusal({ refused }: { refused: Refused[] }) {
  return (
    <Stack gap="sm">
      {refused.map(({ id, error, referrers }, at) => (
        <Box key={at}>
          <Alert color="red" variant="light" py={8} icon={<IconLock size={18} aria-hidden />} role="alert">
            <Text size="sm">{refused.length > 1 && <Text span inherit fw={600}>{id.join(', ')}: </Text>}{error.message}</Text>
            {at === 0 && error.context.hint && <Text size="sm" mt={4}>{error.context.hint}</Text>}
          </Alert>
          {referrers.length > 0 && <Table.ScrollContainer minWidth={520} type="native">
            <Table withTableBorder mt={8} aria-label={`Who refers to ${id.join(', ')}`}>
              <Table.Thead>
                <Table.Tr>{['Referenced by', 'Rows', 'Key', 'Which'].map((head) => <Table.Th key={head}>{head}</Table.Th>)}</Table.Tr>
              </Table.Thead>
              <Table.Tbody>{referrers.map((referrer, at) => <Referring key={at} {...referrer} />)}</Table.Tbody>
            </Table>
          </Table.ScrollContainer>}
        </Box>
      ))}
    </Stack>
  );
}

function Referring({ table: id, foreign_key: name, rows, keys }: Referrer) {
  const { data: catalog } = useCatalog();
  const { base } = useRouter();
  const table = catalog?.tables.find((table) => table.id === id);
  const key = keyNamed(catalog, id, name);
  return (
    <Table.Tr>
      <Table.Td><TableName id={id} /></Table.Td>
      <Table.Td style={{ fontVariantNumeric: 'tabular-nums' }}>{String(rows)}</Table.Td>
      <Table.Td><KeyLink name={name} shown={key} />
        {key && <Text size="xs" c="dimmed">on_delete = {key.on_delete}, on_update = {key.on_update}</Text>}</Table.Td>
      <Table.Td>
        <Group gap={8}>
          {keys.map((key, at) => (
            // A tab of its own, for what is under way here is not to be lost.
            table && <Anchor key={at} size="sm" href={`${base}${links.row(table, key.map(String))}`}
              target="_blank" rel="noopener" aria-label={`${id} ${key.map(plainly).join(', ')} in a new tab`}>{key.map(plainly).join(', ')}</Anchor>
          ))}
          {Number(rows) > keys.length && <Text size="sm" c="dimmed">…</Text>}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

const sourceOf = (table: string) => table.split('.')[0]!;
