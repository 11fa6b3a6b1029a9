// The builder of requests: what to ask of a table, and how that is written.
import { Anchor, Center, Grid, Group, Loader, NumberInput, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { tableOf, useCatalog } from '../api/queries';
import type { Catalog, Table } from '../api/types';
import { FilterBar } from '../data/filter-bar';
import { printOrder, readOrder, useViewState } from '../data/state';
import { links } from '../links';
import { closestTable } from '../parts/closest';
import { NotFound } from '../parts/not-found';
import { Problem } from '../parts/problem';
import { SearchedMultiSelect, SearchedSelect } from '../parts/searched';
import { useSearchParams } from '../parts/search-params';
import { readEmbeds, writeEmbeds } from './embeds';
import { EmbedList } from './embed-list';
import { ownColumns } from './requests';
import { Requests } from './written';

export function Build() {
  const { data, error } = useCatalog();
  const [params, setParams] = useSearchParams();
  if (!data) return error ? <Problem error={error} /> : <Center h="40vh"><Loader role="status" aria-label="Loading" /></Center>;
  const named = params.get('table') ?? '';
  const table = tableOf(data, named);
  const choose = (id: string | null) => id && setParams(new URLSearchParams({ table: id, embed: '' }));
  return (
    <Grid gutter="xl">
      <Grid.Col span={{ base: 12, md: 5 }}>
        <Stack gap="sm">
          <SearchedSelect label="Table" data={data.tables.map(({ id }) => id)} value={table?.id ?? null} onChange={choose} allowDeselect={false}
            placeholder="Pick a table" nothingFoundMessage="No table is named like this" limit={80} />
          {table ? <Form key={table.id} catalog={data} table={table} /> : named ? <Unknown catalog={data} name={named} /> : <Text size="sm"
            c="dimmed">Then choose columns, a filter, an order, and relationships to embed. The requests are written beside.</Text>}
        </Stack>
      </Grid.Col>
      {table && <Grid.Col span={{ base: 12, md: 7 }}><Written catalog={data} table={table} /></Grid.Col>}
    </Grid>
  );
}

function Unknown({ catalog, name }: { catalog: Catalog; name: string }) {
  const meant = closestTable(name, catalog.tables.map(({ id }) => id));
  return <NotFound what={`There is no table ${name}`} meant={meant ? { label: meant, to: links.api({ table: meant }) } : null}
    all={[{ label: 'All tables', to: links.data() }]} />;
}

interface Props { catalog: Catalog; table: Table }

function Form({ catalog, table }: Props) {
  const [state, change] = useViewState(table);
  const [embeds, setEmbeds] = useEmbeds({ catalog, table });
  const columns = table.columns.map(({ name }) => name);
  const orders = state.order.map((order) => printOrder([order]));
  return (
    <>
      <Group gap="md" mt={-6}>
        <Anchor component={Link} size="xs" href={links.api({ tab: 'rest', table: table.id })}>Its operations</Anchor>
        <Anchor component={Link} size="xs" href={links.rows(table, { filter: new URLSearchParams(location.search).get('filter') ?? undefined })}>Its rows</Anchor>
      </Group>
      <SearchedMultiSelect label="Columns" data={columns} value={ownColumns(table, state)} clearable placeholder={state.shown ? undefined : 'all'}
        onChange={(names) => change({ shown: names.length ? [...names, ...(state.shown ?? []).filter((name) => name.startsWith('*'))] : null }, true)} />
      <div>
        <Text size="sm" fw={500} mb={4}>Filter</Text>
        <FilterBar catalog={catalog} table={table} filter={state.filter} onChange={(filter) => change({ filter }, true)} />
      </div>
      <Group gap="sm" align="flex-start" wrap="nowrap">
        <SearchedMultiSelect label="Order" data={orderChoices(table, orders)} value={orders} clearable flex={1} miw={0}
          placeholder={orders.length ? undefined : 'primary key'}
          onChange={(next) => change({ order: readOrder(latest(next).join(' ')) }, true)} />
        <NumberInput label="Limit" value={state.size} min={1} max={1000} w={90} allowDecimal={false} clampBehavior="strict"
          onChange={(size) => { if (Number(size) > 0) change({ size: Number(size) }, true); }} />
      </Group>
      <EmbedList catalog={catalog} table={table} embeds={embeds} onChange={setEmbeds} />
    </>
  );
}

function Written({ catalog, table }: Props) {
  const [state] = useViewState(table);
  const [embeds] = useEmbeds({ catalog, table });
  return <Requests key={table.id} {...{ catalog, table, state, embeds }} />;
}

function useEmbeds({ catalog, table }: Props) {
  const [params, setParams] = useSearchParams();
  const [state] = useViewState(table);
  const embeds = readEmbeds(catalog, table, state, params.get('embed'));
  const set = (next: typeof embeds) => setParams((now) => { now.set('embed', writeEmbeds(next)); return now; }, { replace: true });
  return [embeds, set] as const;
}

/** Each column in both directions, and whatever the address orders by. */
function orderChoices(table: Table, said: string[]) {
  const own = table.columns.flatMap(({ name }) => [false, true].map((descending) => printOrder([{ path: [name], descending }])));
  return [...new Set([...own, ...said])].map((value) => ({ value, label: value.startsWith('-') ? `${value.slice(1)}, descending` : value }));
}

/** A column that is chosen in the other direction takes the place of the first. */
const latest = (orders: string[]) => orders.filter((one, at) => !orders.slice(at + 1).some((later) => later.replace(/^-/, '') === one.replace(/^-/, '')));
