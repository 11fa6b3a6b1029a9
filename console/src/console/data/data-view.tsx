// Tables, their rows, and each row: what the addresses below `/data` show.
import { useMemo } from 'react';
import { ActionIcon, Box, Button, Center, Drawer, Loader, Text } from '@mantine/core';
import { useDisclosure, useLocalStorage } from '@mantine/hooks';
import { IconLayoutSidebarLeftExpand, IconTable } from '@tabler/icons-react';
import { Redirect, useLocation } from 'wouter';
import { tableOf, useCatalog } from '../api/queries';
import type { Catalog } from '../api/types';
import { links } from '../links';
import { closestTable } from '../parts/closest';
import { NotFound } from '../parts/not-found';
import { Problem } from '../parts/problem';
import { EditorProvider } from './edit/editor';
import { RowPage } from './row-page';
import { RowsPage } from './rows-page';
import { TableMenu } from './sidebar';
import { TableList } from './table-list';
import classes from './data.module.css';

export function DataView() {
  const { data: catalog, error } = useCatalog();
  if (error && !catalog) return <Box p="md"><Problem error={error} title="The catalog was not read" /></Box>;
  if (!catalog) return <Center h="50vh"><Loader aria-label="Loading" /></Center>;
  return <EditorProvider><Routes catalog={catalog} /></EditorProvider>;
}

interface Spot {
  source: string;
  name: string;
  row: string[] | null;
  creating: boolean;
  /** What stands behind the table and means nothing. */
  odd: string | null;
}

function Routes({ catalog }: { catalog: Catalog }) {
  // Tells when the address changes; what it decodes may not be what was encoded.
  const [location] = useLocation();
  const spot = useMemo(() => spotOf(window.location.pathname), [location]);
  if (!spot) return <div className={classes.view}><div className={classes.content}><TableList catalog={catalog} /></div></div>;
  if (!spot.name) return <Redirect to={links.source(spot.source)} replace />;
  return <Beside catalog={catalog} spot={spot} />;
}

function Beside({ catalog, spot }: { catalog: Catalog; spot: Spot }) {
  const [hidden, setHidden] = useLocalStorage({ key: 'crosskey data tables hidden', defaultValue: false, getInitialValueInEffect: false });
  const [opened, drawer] = useDisclosure();
  const table = catalog.tables.find(({ source, name }) => source === spot.source && name === spot.name);
  return (
    <div className={classes.view}>
      {!hidden && <div className={classes.side}><TableMenu catalog={catalog} current={table?.id} onHide={() => setHidden(true)} /></div>}
      <Drawer opened={opened} onClose={drawer.close} title="Tables" size="xs" padding="xs" closeButtonProps={{ 'aria-label': 'Close' }}>
        <Box onClick={(event) => { if ((event.target as HTMLElement).closest('a')) drawer.close(); }}>
          <TableMenu catalog={catalog} current={table?.id} />
        </Box>
      </Drawer>
      <div className={classes.content}>
        <Box px={12} pt={6} hiddenFrom="sm">
          <Button size="compact-sm" variant="default" leftSection={<IconTable size={14} aria-hidden />} onClick={drawer.open}>Tables</Button>
        </Box>
        {hidden && (
          <ActionIcon className={classes.unhide} visibleFrom="sm" variant="default" size="sm" onClick={() => setHidden(false)}
            aria-label="Show tables"><IconLayoutSidebarLeftExpand size={15} /></ActionIcon>
        )}
        {!table && <Unknown catalog={catalog} spot={spot} />}
        {table && spot.odd !== null && <NotFound what={`There is no page ${spot.odd} of ${table.id}`} meant={null}
          all={[{ label: `All rows of ${table.id}`, to: links.rows(table) }, ALL]} />}
        {table && spot.row && <RowPage key={`${table.id} ${spot.row.join('\0')}`} catalog={catalog} table={table} id={spot.row} />}
        {table && !spot.row && spot.odd === null && <RowsPage key={table.id} catalog={catalog} table={table} creating={spot.creating} />}
      </div>
    </div>
  );
}

const ALL = { label: 'All tables', to: links.data() };

function Unknown({ catalog, spot }: { catalog: Catalog; spot: Spot }) {
  const source = catalog.sources.find(({ name }) => name === spot.source);
  const wanted = `${spot.source}.${spot.name}`;
  const meant = tableOf(catalog, closestTable(wanted, catalog.tables.map(({ id }) => id)) ?? '');
  return (
    <NotFound what={`There is no table ${wanted}`} meant={meant ? { label: meant.id, to: links.rows(meant) } : null} all={[ALL]}>
      {source?.state === 'unknown' && <Text size="sm">{source.name} was not reached yet, so its tables are not known.</Text>}
    </NotFound>
  );
}

/** `/data/crm/contact/row/7`: each part is encoded by itself; `links.row` tells what `=` is for. Null of `/data` itself. */
function spotOf(path: string): Spot | null {
  const [, source, name = '', ...rest] = path.slice(path.indexOf('/data') + 1).split('/');
  if (!source) return null;
  const [what = '', id] = rest;
  const row = what === 'row' && id !== undefined && rest.length === 2 ? id.split(',').map((part) => decoded(part.replace(/^=/, ''))) : null;
  const creating = what === 'new' && !rest.slice(1).join('');
  return { source: decoded(source), name: decoded(name), row, creating, odd: row || creating || !rest.join('') ? null : decoded(rest.join('/')) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
