// All keys: what refers to what, and what happens to references.
import { useDisclosure } from '@mantine/hooks';
import { Anchor, Box, Button, Center, Group, Loader, Stack, Switch, Text, TextInput } from '@mantine/core';
import { IconBulb, IconPlus, IconSearch } from '@tabler/icons-react';
import { Link } from 'wouter';
import { ApiError } from '../api/client';
import { useAudit, useCatalog, useKeyFile } from '../api/queries';
import { AuditControl } from '../health/audit-control';
import { links } from '../links';
import { Problem } from '../parts/problem';
import { useSearchParams } from '../parts/search-params';
import { Faults } from './faults';
import { KeyTable } from './key-table';
import { rowsOf, shownRows, type Order } from './key-rows';
import { ReadOnly } from './read-only';
import { Suggestions } from './suggestions';

export function KeyList() {
  const [catalog, file, audit] = [useCatalog(), useKeyFile(), useAudit()];
  const [params, setParams] = useSearchParams();
  const [suggesting, suggestions] = useDisclosure();
  const set = (...pairs: [name: string, value: string | null][]) => setParams((now) => {
    for (const [name, value] of pairs) if (value) now.set(name, value); else now.delete(name);
    return now;
  }, { replace: true });
  if (!catalog.data || file.isPending) return catalog.error ? <Box p="md"><Problem error={catalog.error} /></Box> : <Center h="50vh"><Loader
    role="status" aria-label="Loading" /></Center>;
  const asked = { words: params.get('q') ?? '', native: params.has('native'), order: (params.get('order') ?? 'file') as Order, down: params.has('down') };
  const all = rowsOf(catalog.data, file.data, audit.data?.reports ?? []);
  const rows = shownRows(all, asked);
  return (
    <Stack p="md" gap="sm">
      <Group gap="xs">
        <TextInput size="xs" value={asked.words} onChange={(event) => set(['q', event.currentTarget.value])} placeholder="Table, column or name"
          aria-label="Search keys"
          leftSection={<IconSearch size={14} aria-hidden />} w={230} />
        <Switch size="sm" label="Keys of the databases" checked={asked.native}
          onChange={(event) => set(['native', event.currentTarget.checked ? '1' : null])} />
        <Group gap="xs" ml="auto">
          <AuditControl compact />
          <Button size="xs" variant="default" leftSection={<IconBulb size={14} aria-hidden />} onClick={suggestions.open}>Suggest keys</Button>
          <Button size="xs" component={Link} href={links.newKey()} leftSection={<IconPlus size={14} aria-hidden />}>New key</Button>
        </Group>
      </Group>
      {file.error && <Problem error={file.error} title={refused(file.error) ? 'Entries cannot be edited from here' : 'The key file cannot be read'} />}
      {file.data && <ReadOnly file={file.data} />}
      {file.data && <Faults faults={file.data.faults} entries={file.data.entries} title="The key file" />}
      {rows.length ? (
        <KeyTable catalog={catalog.data} rows={rows} order={asked.order} down={asked.down} audited={(audit.data?.reports.length ?? 0) > 0}
          saved={params.get('saved')}
          onOrder={(order) => set(['order', order], ['down', order === asked.order && !asked.down ? '1' : null])} />
      ) : <Empty words={asked.words} any={all.length > 0} onAll={() => set(['q', null])} />}
      <Suggestions opened={suggesting} onClose={suggestions.close} />
    </Stack>
  );
}

const refused = (error: Error) => error instanceof ApiError && error.status === 403;

function Empty({ words, any, onAll }: { words: string; any: boolean; onAll: () => void }) {
  return (
    <Center py="xl">
      {words && any
        ? <Text size="sm">No key has all of these words. <Anchor component="button" size="sm" underline="always"
          onClick={onAll}>Show all keys</Anchor></Text>
        : <Text size="sm">The key file has no keys yet. <Anchor component={Link} size="sm" underline="always"
          href={links.newKey()}>Make the first</Anchor>, or have some suggested.</Text>}
    </Center>
  );
}
