// All tables, by source, with what is known of each.
import { useState } from 'react';
import { Badge, Box, Group, ScrollArea, Table as Listing, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import type { Catalog, Source, Table } from '../api/types';
import { links } from '../links';
import { hasWords } from '../parts/by-words';
import { closest } from '../parts/closest';
import { NotFound } from '../parts/not-found';
import { SourceDot } from '../parts/table-name';
import { useSearchParams } from '../parts/search-params';
import { Go } from './go';
import classes from './data.module.css';

export function TableList({ catalog }: { catalog: Catalog }) {
  const [params, setParams] = useSearchParams();
  const only = params.get('source');
  const [search, setSearch] = useState(params.get('search') ?? '');
  const find = (text: string) => {
    setSearch(text);
    setParams((before) => { if (text) before.set('search', text); else before.delete('search'); return before; }, { replace: true });
  };
  const sources = catalog.sources.filter(({ name }) => !only || name === only);
  const found = matching(catalog.tables, search).filter(({ source }) => !only || source === only);
  if (only && !sources.length) return <UnknownSource catalog={catalog} name={only} />;
  return (
    <div className={classes.scroll}>
      <Box p="md" maw={980}>
        <Group mb="sm" gap="sm">
          <TextInput value={search} onChange={(event) => find(event.currentTarget.value)} placeholder="Table or column" aria-label="Search tables"
            size="sm" w={280}
            leftSection={<IconSearch size={15} aria-hidden />} />
          <Text size="sm" c="dimmed" role="status">{found.length} {found.length === 1 ? 'table' : 'tables'}</Text>
          {only && <Text size="sm"><Go to={links.data()}>all sources</Go></Text>}
        </Group>
        {sources.map((source) => <OfSource key={source.name} source={source} tables={found.filter((table) => table.source === source.name)}
          catalog={catalog} searched={Boolean(search)} />)}
        {!found.length && search && <Text size="sm" c="dimmed">No table has this in its name or columns.</Text>}
      </Box>
    </div>
  );
}

function UnknownSource({ catalog: { sources }, name }: { catalog: Catalog; name: string }) {
  const meant = closest(name, sources.map((source) => source.name));
  return <NotFound what={`There is no source ${name}`} meant={meant ? { label: meant, to: links.source(meant) } : null}
    all={[{ label: 'All tables', to: links.data() }]} />;
}

export function matching(tables: Table[], search: string): Table[] {
  const named = tables.filter(({ id }) => hasWords(id, search));
  const within = ({ id, columns }: Table) => hasWords([id, ...columns.map(({ name }) => name)].join(' '), search);
  return [...named, ...tables.filter((table) => !named.includes(table) && within(table))];
}

function OfSource({ source, tables, catalog, searched }: { source: Source; tables: Table[]; catalog: Catalog; searched: boolean }) {
  if (searched && !tables.length) return null;
  return (
    <Box component="section" mb="lg" aria-label={source.name}>
      <Group gap="xs" mb={4}>
        <SourceDot source={source.name} />
        <Text component="h2" size="md" fw={700} m={0}>{source.name}</Text>
        <Text size="xs" c="dimmed">{source.kind}</Text>
        {source.state !== 'up' && <Badge color="orange" variant="light" size="sm">{source.state}</Badge>}
        {source.read_only && <Badge color="gray" variant="light" size="sm">read only</Badge>}
      </Group>
      {source.state === 'unknown' && <Text size="sm" c="dimmed">The source was not reached yet, so its tables are not known.</Text>}
      {source.state !== 'unknown' && !tables.length && <Text size="sm" c="dimmed">no tables</Text>}
      {tables.length > 0 && (
        <ScrollArea type="auto" scrollbars="x">
          <Listing highlightOnHover miw={560} layout="fixed" aria-label={`Tables of ${source.name}`}>
            <Listing.Thead>
              <Listing.Tr>
                <Listing.Th w="32%">table</Listing.Th>
                <Listing.Th ta="right" w={84}>rows</Listing.Th>
                <Listing.Th ta="right" w={84}>columns</Listing.Th>
                <Listing.Th>refers to</Listing.Th><Listing.Th ta="right" w={140}>referenced by</Listing.Th>
              </Listing.Tr>
            </Listing.Thead>
            <Listing.Tbody>{tables.map((table) => <Line key={table.id} table={table} catalog={catalog} />)}</Listing.Tbody>
          </Listing>
        </ScrollArea>
      )}
    </Box>
  );
}

function Line({ table, catalog }: { table: Table; catalog: Catalog }) {
  const out = catalog.keys.filter(({ referencing }) => referencing.table === table.id).map(({ referenced }) => referenced.table);
  const into = catalog.keys.filter(({ referenced }) => referenced.table === table.id);
  return (
    <Listing.Tr>
      <Listing.Td>
        <Group gap={6} wrap="nowrap">
          <Go to={links.rows(table)}>{table.name}</Go>
          {table.view && <Badge color="gray" variant="light" size="xs">view</Badge>}
          {table.read_only && !table.view && <Badge color="gray" variant="light" size="xs">read only</Badge>}
        </Group>
      </Listing.Td>
      <Listing.Td ta="right" title="as the database estimates them"
        style={{ fontVariantNumeric: 'tabular-nums' }}>{table.rows === null ? '' : `≈ ${table.rows}`}</Listing.Td>
      <Listing.Td ta="right">{table.columns.length}</Listing.Td>
      <Listing.Td><Text size="sm" c="dimmed" lineClamp={1}>{[...new Set(out)].join(', ')}</Text></Listing.Td>
      <Listing.Td ta="right">{into.length || ''}</Listing.Td>
    </Listing.Tr>
  );
}
