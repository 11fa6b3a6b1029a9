// One row: what it holds, what it refers to, and what refers to it.
import { useCallback } from 'react';
import { flushSync } from 'react-dom';
import { ActionIcon, Alert, Box, Button, Group, Skeleton, Tabs, Text, Tooltip } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconPencil, IconRefresh, IconTrash } from '@tabler/icons-react';
import { useLocation } from 'wouter';
import { ApiError, writeJson } from '../api/client';
import type { Catalog, Table } from '../api/types';
import { links } from '../links';
import { CodeBlock } from '../parts/code';
import { Problem } from '../parts/problem';
import { useSearchParams } from '../parts/search-params';
import { Crumbs } from './crumbs';
import { useEditor } from './edit/editor';
import { Go } from './go';
import { ROWS } from './page-query';
import { ReferencedBy } from './referenced-by';
import { RowFields } from './row-fields';
import { useReferred, useRow } from './row-query';
import { idOf, labelOf, type Row } from './rows';
import { Trail, useTrail } from './trail';
import classes from './data.module.css';

export function RowPage({ catalog, table, id }: { catalog: Catalog; table: Table; id: string[] }) {
  const { data: values, error, isFetching } = useRow(table, id);
  const referred = useReferred(catalog, table, id, values !== undefined);
  const [params, setParams] = useSearchParams();
  const trail = useTrail();
  const tab = params.get('tab') === 'json' ? 'json' : 'fields';
  const show = (next: string | null) => setParams((before) => {
    if (next === 'json') before.set('tab', 'json'); else before.delete('tab');
    return before;
  }, { replace: true, state: history.state as unknown });
  const row: Row | null = values ? { key: id.join(','), id: idOf(table, values) ?? id, values, related: referred.data?.related ?? {} } : null;
  const label = row ? labelOf(table, row) : id.join(', ');
  return (
    <>
      <div className={classes.bar}>
        <Box style={{ flex: '1 1 240px', minWidth: 0 }}><Crumbs table={table} row={label} /><Trail /></Box>
        <Actions table={table} id={id} there={row !== null} fetching={isFetching || referred.isFetching} />
      </div>
      {error && <Box px="md"><Missing error={error} table={table} id={id} /></Box>}
      {!row && !error && (
        <Box px="md" role="status" aria-label="Loading"><Skeleton h={22} mb={8} /><Skeleton h={22} mb={8} /><Skeleton h={22} /></Box>
      )}
      {row && !error && (
        <Tabs value={tab} onChange={show} keepMounted={false} style={{ display: 'flex', flexDirection: 'column', minHeight: 0, flex: 1 }}>
          <Tabs.List px="sm"><Tabs.Tab value="fields">Row</Tabs.Tab><Tabs.Tab value="json">JSON</Tabs.Tab></Tabs.List>
          <Tabs.Panel value="fields" className={classes.scroll} pt="xs">
            <Away away={referred.data?.away ?? null} error={referred.data?.error ?? referred.error} />
            <div className={classes.columns}>
              <RowFields catalog={catalog} table={table} row={row} trail={trail} label={label} />
              <ReferencedBy catalog={catalog} table={table} row={row} trail={trail} label={`${table.name} ${label}`} />
            </div>
          </Tabs.Panel>
          <Tabs.Panel value="json" className={classes.scroll} p="md">
            <CodeBlock label="Row as JSON">{writeJson(row.values, 2)}</CodeBlock>
          </Tabs.Panel>
        </Tabs>
      )}
    </>
  );
}

function Actions({ table, id, there, fetching }: { table: Table; id: string[]; there: boolean; fetching: boolean }) {
  const editor = useEditor();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const refresh = useCallback(() => queries.invalidateQueries({ queryKey: [ROWS] }), [queries]);
  const edit = async () => {
    const written = await editor.edit(table, id);
    if (!written) return;
    const next = idOf(table, written);
    if (next && next.join('\0') !== id.join('\0')) flushSync(() => go(links.row(table, next), { replace: true, state: history.state as unknown }));
    await refresh();
  };
  const remove = async () => {
    if (!(await editor.remove(table, [id]))) return;
    // The page of a row that is gone asks for nothing any more, and Back does not lead to it.
    flushSync(() => go(links.rows(table), { replace: true }));
    await refresh();
  };
  return (
    <Group gap={6}>
      {!table.read_only && there && (
        <>
          <Button size="compact-sm" leftSection={<IconPencil size={14} aria-hidden />} onClick={edit}>Edit</Button>
          <Button size="compact-sm" variant="default" c="var(--mantine-color-error)" leftSection={<IconTrash size={14} aria-hidden />}
            onClick={remove}>Delete</Button>
        </>
      )}
      <Tooltip label="Read again">
        <ActionIcon variant="default" size={26} onClick={refresh} aria-label="Read again" loading={fetching}><IconRefresh size={15} /></ActionIcon>
      </Tooltip>
    </Group>
  );
}

function Missing({ error, table, id }: { error: Error; table: Table; id: string[] }) {
  if (!(error instanceof ApiError) || error.status !== 404) return <Problem error={error} title="The row was not read" />;
  return (
    <Alert color="gray" title="There is no such row" role="alert">
      <Text size="sm">{table.id} has no row {id.join(', ')}. It may have been deleted, or its key changed.</Text>
      <Text size="sm" mt={4}><Go to={links.rows(table)}>All rows of {table.id}</Go></Text>
    </Alert>
  );
}

function Away({ away, error }: { away: string | null; error: Error | null }) {
  if (!away && !error) return null;
  return (
    <Alert color="orange" variant="light" py={6} mx="md" mb="xs" role="status">
      <Text size="sm">{away ? `${away} does not answer` : error!.message}: not all that the row refers to is shown.</Text>
    </Alert>
  );
}
