// Tables, their rows, and each row: what the addresses below `/data` show.
import { useMemo } from 'react';
import { ActionIcon, Alert, Box, Button, Center, Drawer, Loader, Text } from '@mantine/core';
import { useDisclosure, useLocalStorage } from '@mantine/hooks';
import { IconLayoutSidebarLeftExpand, IconTable } from '@tabler/icons-react';
import { useLocation } from 'wouter';
import { useCatalog } from '../api/queries';
import type { Catalog } from '../api/types';
import { links } from '../links';
import { Problem } from '../parts/problem';
import { EditorProvider } from './edit/editor';
import { Go } from './go';
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

type Spot = { source: string; name: string; row: string[] | null; creating: boolean } | null;

function Routes({ catalog }: { catalog: Catalog }) {
  // Tells when the address changes; what it decodes may not be what was encoded.
  const [location] = useLocation();
  const spot = useMemo(() => spotOf(window.location.pathname), [location]);
  if (!spot) return <div className={classes.view}><div className={classes.content}><TableList catalog={catalog} /></div></div>;
  return <Beside catalog={catalog} spot={spot} />;
}

function Beside({ catalog, spot }: { catalog: Catalog; spot: NonNullable<Spot> }) {
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
        {table && spot.row && <RowPage key={`${table.id} ${spot.row.join('\0')}`} catalog={catalog} table={table} id={spot.row} />}
        {table && !spot.row && <RowsPage key={table.id} catalog={catalog} table={table} creating={spot.creating} />}
      </div>
    </div>
  );
}

function Unknown({ catalog, spot }: { catalog: Catalog; spot: NonNullable<Spot> }) {
  const source = catalog.sources.find(({ name }) => name === spot.source);
  return (
    <Alert m="md" color="gray" title={`There is no table ${spot.source}.${spot.name}`} role="alert">
      {source?.state === 'unknown' && <Text size="sm">{source.name} was not reached yet, so its tables are not known.</Text>}
      <Text size="sm"><Go to={links.data()}>All tables</Go></Text>
    </Alert>
  );
}

/** `/data/crm/contact/row/7`: each part is encoded by itself; `links.row` tells what `=` is for. */
function spotOf(path: string): Spot {
  const [, source, name, what, id] = path.slice(path.indexOf('/data') + 1).split('/');
  if (!source || !name) return null;
  const row = what === 'row' && id !== undefined ? id.split(',').map((part) => decoded(part.replace(/^=/, ''))) : null;
  return { source: decoded(source), name: decoded(name), row, creating: what === 'new' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
