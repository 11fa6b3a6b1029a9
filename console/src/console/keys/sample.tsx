// What the first rows of the referencing table refer to, and which of their references lead nowhere.
import { Anchor, Box, Group, Progress, SimpleGrid, Table, Text } from '@mantine/core';
import { Link } from 'wouter';
import { tableOf } from '../api/queries';
import type { Catalog, Json, JsonObject, Preview, Side } from '../api/types';
import { links } from '../links';
import { Problem } from '../parts/problem';
import { shown } from '../parts/value-text';
import { Scroll } from '../parts/scroll';

interface Props { catalog: Catalog; sample: NonNullable<Preview['sample']>; referencing: Side }

export function Sample({ catalog, sample, referencing }: Props) {
  if (sample.error) return <Problem error={sample.error} title="The rows could not be looked at" />;
  const found = sample.references - sample.orphans;
  const share = (count: number) => (sample.references ? (100 * count) / sample.references : 0);
  return (
    <>
      {sample.references > 0 && (
        <Progress.Root size="sm" mb={6} aria-hidden>
          <Progress.Section value={share(found)} color="green" />
          <Progress.Section value={share(sample.orphans)} color="red" />
        </Progress.Root>
      )}
      <Group gap="md" mb={6}>
        <Text size="sm">{sample.more ? 'first ' : ''}<b>{sample.rows}</b> {sample.rows === 1 ? 'row' : 'rows'} looked at</Text>
        <Text size="sm"><b>{sample.references}</b> {sample.references === 1 ? 'reference' : 'references'}</Text>
        <Text size="sm"><b>{found}</b> found</Text>
        <Text size="sm" c={sample.orphans ? 'var(--mantine-color-error)' : undefined}><b>{sample.orphans}</b> {sample.orphans === 1 ? 'orphan' : 'orphans'}</Text>
      </Group>
      {sample.references > 0 && !found && (
        <Text size="sm" c="var(--mantine-color-error)" mb={6}>No reference leads to a row: are these the columns that are meant?</Text>
      )}
      <Lists catalog={catalog} sample={sample} referencing={referencing} />
    </>
  );
}

/** Examples of both, beside each other where there is room. */
function Lists({ catalog, sample, referencing: { table, columns } }: Props) {
  const { matching = [], orphan_rows: orphans } = sample;
  return (
    <SimpleGrid type="container" cols={{ base: 1, '520px': matching.length && orphans.length ? 2 : 1 }} spacing="md" verticalSpacing="xs">
      {matching.length > 0 && <List title="lead to a row" label={`References of ${table} that lead to a row`} {...{ catalog, table, columns }} rows={matching} />}
      {orphans.length > 0 && <List title="lead nowhere" label={`Orphans of ${table}`} {...{ catalog, table, columns }} rows={orphans} />}
    </SimpleGrid>
  );
}

function List({ title, ...given }: ExamplesProps & { title: string }) {
  return (
    <Box miw={0}>
      <Text size="xs" fw={600} mb={2}>{title}</Text>
      <Examples {...given} />
    </Box>
  );
}

interface OrphansProps { catalog: Catalog; table: string; columns: string[]; rows: { row: JsonObject; values: Json[] }[] }

/** Rows whose references lead nowhere, each with a link to it. */
export const Orphans = (given: OrphansProps) => <Examples label={`Orphans of ${given.table}`} {...given} />;

type ExamplesProps = OrphansProps & { label: string };

function Examples({ label, catalog, table, columns, rows }: ExamplesProps) {
  return (
    <Scroll label={label} maxHeight={240}>
      <Table fz="xs" verticalSpacing={3} withRowBorders={false} striped aria-label={label}>
        <Table.Thead><Table.Tr><Table.Th>row</Table.Th><Table.Th>{columns.join(', ')}</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {rows.map(({ row, values }, at) => (
            <Table.Tr key={at}>
              <Table.Td><RowLink catalog={catalog} table={table} row={row} /></Table.Td>
              <Table.Td>{values.map(shown).join(', ')}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  );
}

/** A row by the columns that identify it; a link where that is its primary key. */
export function RowLink({ catalog, table: id, row }: { catalog: Catalog; table: string; row: JsonObject }) {
  const table = tableOf(catalog, id);
  const text = Object.entries(row).map(([name, value]) => `${name} ${shown(value)}`).join(', ');
  const whole = table && table.primary_key.length > 0 && table.primary_key.every((name) => row[name] != null);
  if (!whole) return <>{text}</>;
  return <Anchor component={Link} href={links.row(table, table.primary_key.map((name) => shown(row[name]!)))} size="xs">{text}</Anchor>;
}
