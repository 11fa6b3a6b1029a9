// The rows of a table: what they must meet, in which order, page by page.
import { useCallback, useEffect, useState } from 'react';
import { ActionIcon, Alert, Box, Button, Group, Loader, Text, Tooltip } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconApi, IconPlus, IconRefresh, IconTrash } from '@tabler/icons-react';
import { useLocation } from 'wouter';
import { useEditor } from './edit/editor';
import { links } from '../links';
import { Problem } from '../parts/problem';
import { useSearch } from '../parts/search-params';
import type { Catalog, Table } from '../api/types';
import { ColumnsMenu } from './columns-menu';
import { Crumbs } from './crumbs';
import { FilterBar } from './filter-bar';
import { Go } from './go';
import { Grid } from './grid';
import { Pager } from './pager';
import { ROWS, useRows } from './page-query';
import { presetOf } from './preset';
import type { Row } from './rows';
import { useViewState } from './state';
import { Trail, useTrail } from './trail';
import classes from './data.module.css';

export function RowsPage({ catalog, table, creating }: { catalog: Catalog; table: Table; creating: boolean }) {
  const [state, change] = useViewState(table);
  const { data: page, error, isFetching, isPlaceholderData, refetch } = useRows(catalog, table, state);
  const [selected, setSelected] = useState<ReadonlyMap<string, string[]>>(new Map());
  const [, go] = useLocation();
  const trail = useTrail();
  const editor = useEditor();
  const queries = useQueryClient();
  const writable = !table.read_only;
  const deletable = writable && table.primary_key.length > 0;
  const refresh = useCallback(() => queries.invalidateQueries({ queryKey: [ROWS] }), [queries]);

  const create = useCallback(async () => {
    if (await editor.create(table, presetOf(table, state.filter))) await refresh();
  }, [editor, table, state.filter, refresh]);
  const remove = async () => {
    if (!(await editor.remove(table, [...selected.values()]))) return;
    setSelected(new Map());
    await refresh();
  };
  useCreating(creating && writable, table, create);

  const open = useCallback((row: Row) => { if (row.id) go(links.row(table, row.id), { state: { trail } }); }, [go, table, trail]);
  const select = useCallback((rows: Row[], on: boolean) => setSelected((before) => {
    const next = new Map(before);
    for (const { key, id } of rows) if (on && id) next.set(key, id); else next.delete(key);
    return next;
  }), []);
  return (
    <>
      <div className={classes.bar} style={{ paddingBottom: 0 }}>
        <Box style={{ flex: '1 1 220px', minWidth: 0 }}><Crumbs table={table} /><Trail /></Box>
        <Group gap={6}>
          {selected.size > 0 && (
            <Group gap={6} role="status">
              <Text size="sm">{selected.size} selected</Text>
              <Button size="compact-sm" variant="subtle" onClick={() => setSelected(new Map())}>Clear</Button>
            </Group>
          )}
          {selected.size > 0 && (
            <Button size="compact-sm" variant="default" c="var(--mantine-color-error)" leftSection={<IconTrash size={14} aria-hidden />}
              onClick={remove}>Delete</Button>
          )}
          {writable && <Button size="compact-sm" leftSection={<IconPlus size={14} aria-hidden />} onClick={create}>New row</Button>}
          <ColumnsMenu table={table} state={state} change={change} />
          <ApiLink table={table} />
          <Tooltip label="Read again">
            <ActionIcon variant="default" size={26} onClick={() => refetch()} aria-label="Read again"
              loading={isFetching}><IconRefresh size={15} /></ActionIcon>
          </Tooltip>
        </Group>
      </div>
      <div className={classes.bar}><FilterBar catalog={catalog} table={table} filter={state.filter} onChange={(filter) => change({ filter })} /></div>
      {page?.partial && (
        <Alert color="orange" variant="light" py={6} radius={0} role="status">
          <Text size="sm">Not all relationships are shown: {page.partial.message}. The rows themselves are whole.</Text>
        </Alert>
      )}
      {error && (
        <Box p="md">
          <Problem error={error} title="The rows were not read" />
          {state.place && <Button mt="sm" variant="default" size="xs" onClick={() => change({ place: null })}>First page</Button>}
        </Box>
      )}
      {!page && !error && <Group p="md" gap="xs"><Loader size="sm" aria-hidden /><Text size="sm" c="dimmed">Reading rows</Text></Group>}
      {page && !error && (
        <div className={classes.box}>
          <Grid key={table.id} catalog={catalog} table={table} state={state} change={change} rows={page.rows} total={page.total}
            stale={isPlaceholderData} trail={trail}
            selected={selectedKeys(selected)} onSelect={deletable ? select : undefined} onOpen={open} />
          {!page.rows.length && <Text p="md" size="sm" c="dimmed">{state.filter.length ? 'No row meets the filter.' : 'The table has no rows.'}</Text>}
        </div>
      )}
      {!error && <div className={classes.foot}><Pager page={page} state={state} change={change} /></div>}
    </>
  );
}

const keysOf = new WeakMap<ReadonlyMap<string, unknown>, ReadonlySet<string>>();

/** The same set as long as the map is the same, so that rows are not drawn anew. */
function selectedKeys(selected: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  const keys = keysOf.get(selected) ?? new Set(selected.keys());
  keysOf.set(selected, keys);
  return keys;
}

/** To the request builder, which shows this very view. */
function ApiLink({ table }: { table: Table }) {
  const search = useSearch();
  const [path, own] = links.api({ table: table.id }).split('?');
  const params = new URLSearchParams(own);
  for (const [name, value] of new URLSearchParams(search)) if (!params.has(name)) params.set(name, value);
  return (
    <Go to={`${path}?${params}`} className={classes.api} title="This view as requests of REST and GraphQL">
      <IconApi size={15} aria-hidden /> API
    </Go>
  );
}

/** At the address of a new row the editor opens; when it closes, the rows are shown. */
function useCreating(creating: boolean, table: Table, create: () => Promise<void>) {
  const [, go] = useLocation();
  useEffect(() => {
    if (creating) void create().then(() => go(links.rows(table), { replace: true }));
    // Once for each visit of the address.
  }, [creating, table.id]);
}
