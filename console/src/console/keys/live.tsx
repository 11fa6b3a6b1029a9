// What saving would do, beside the form, while it is filled in.
import { useId } from 'react';
import { Badge, Box, Group, Stack, Table, Text, Title } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { columnOf } from '../api/paths';
import { tableOf } from '../api/queries';
import type { Catalog, Fault, Key, Preview } from '../api/types';
import { CodeBlock } from '../parts/code';
import { CLASSES } from './choices';
import { Diff } from './diff';
import { Faults } from './faults';
import { Sample } from './sample';
import { TestQuery } from './test-query';

// Indexes have a part of their own.
const isOfIndex = ({ severity, hint }: Fault) => severity === 'warning' && Boolean(hint?.includes('CREATE INDEX'));

/** The former answer is dimmed while the next one is on its way. */
export function Live({ catalog, preview, fresh }: { catalog: Catalog; preview: Preview; fresh: boolean }) {
  return (
    <Stack gap="lg" opacity={fresh ? 1 : 0.55} aria-busy={!fresh} style={{ transition: 'opacity 120ms' }}>
      <Faults faults={preview.faults.filter((fault) => !(preview.indexes && isOfIndex(fault)))} />
      {preview.key && <Meets preview={preview} />}
      {preview.key && preview.sample && <Section title="Sample of the rows"><Sample catalog={catalog} sample={preview.sample}
        referencing={preview.key.referencing} /></Section>}
      {preview.test && <Section title="Test query"><TestQuery test={preview.test} first={firstOf(catalog, preview.key)} /></Section>}
      {preview.indexes && preview.indexes.length > 0 && <Section title="Indexes"><Indexes indexes={preview.indexes} /></Section>}
      {preview.diff && (
        <Section title={`Change of ${preview.file.split('/').pop()}`}>
          <Diff text={preview.diff} label="Change of the key file" />
        </Section>
      )}
      {preview.text && <Section title="Text of the entry"><CodeBlock label="text of the entry">{preview.text.trim()}</CodeBlock></Section>}
    </Stack>
  );
}

/** The members of an answer that tell whether the key is right. */
function firstOf(catalog: Catalog, key: Key | null): string[] {
  if (!key) return [];
  const table = tableOf(catalog, key.referencing.table);
  const columns = key.referencing.columns.map((text) => (table ? columnOf(table, text) : text));
  return [...(table?.primary_key ?? []), ...columns, key.name, ...key.referenced.columns];
}

export function Section({ title, children }: { title: string; children: React.ReactNode }) {
  const id = useId();
  return (
    <Box component="section" aria-labelledby={id}>
      <Title order={3} size="h6" id={id} mb={6}>{title}</Title>
      {children}
    </Box>
  );
}

function Meets({ preview: { key, uniqueness } }: { preview: Preview }) {
  return (
    <Section title="How values meet">
      <Table withRowBorders={false} verticalSpacing={2} horizontalSpacing={0} fz="sm" aria-label="How values meet">
        <Table.Tbody>
          {key!.referencing.columns.map((column, at) => (
            <Table.Tr key={column}>
              <Table.Td pr="md" c="dimmed" miw={150}>{column} → {key!.referenced.columns[at]}</Table.Td>
              <Table.Td w="100%">{key!.class[at]} <Text span size="xs" c="dimmed">{CLASSES[key!.class[at] ?? '']}</Text></Table.Td>
            </Table.Tr>
          ))}
          <Table.Tr>
            <Table.Td pr="md" c="dimmed" style={{ whiteSpace: 'nowrap' }}>referenced side</Table.Td>
            <Table.Td>{uniqueness ?? 'not known to be unique'}{uniqueness === 'assumed' && ' to be unique: the file vouches for it'}</Table.Td>
          </Table.Tr>
          <Table.Tr>
            <Table.Td pr="md" c="dimmed">relationships</Table.Td>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>
              <b>{key!.name}</b> of {key!.referencing.table}, <b>{key!.inverse}</b> of {key!.referenced.table}
            </Table.Td>
          </Table.Tr>
        </Table.Tbody>
      </Table>
    </Section>
  );
}

function Indexes({ indexes }: { indexes: NonNullable<Preview['indexes']> }) {
  return (
    <Stack gap="xs">
      {indexes.map(({ table, columns, there, ddl, note }) => (
        <div key={`${table} ${columns.join()}`}>
          <Group gap="xs">
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>{table} ({columns.join(', ')})</Text>
            {there
              ? <Badge variant="light" color="green" c="inherit" size="sm" tt="none" miw="max-content" leftSection={<IconCheck size={12}
                aria-hidden />}>there</Badge>
              : <Badge variant="light" color="orange" c="inherit" size="sm" tt="none" miw="max-content">missing</Badge>}
          </Group>
          {note && <Text size="xs" c="dimmed" my={2}>{note}</Text>}
          {ddl && <CodeBlock label={`statement that makes the index of ${table}`}>{ddl}</CodeBlock>}
        </div>
      ))}
    </Stack>
  );
}
