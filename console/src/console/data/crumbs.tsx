// Where this is: source, table, row.
import { Breadcrumbs, Text } from '@mantine/core';
import { links } from '../links';
import { SourceDot } from '../parts/table-name';
import type { Table } from '../api/types';
import { Go } from './go';

export function Crumbs({ table, row }: { table: Table; row?: string }) {
  return (
    <Breadcrumbs component="nav" aria-label="Breadcrumbs" separatorMargin={6} styles={{ root: { flexWrap: 'wrap', rowGap: 2 } }}>
      <Text size="sm">
        <Go to={links.source(table.source)}><SourceDot source={table.source} size={8} /> {table.source}</Go>
      </Text>
      {row === undefined
        ? <Text size="sm" fw={600} aria-current="page" component="h2" m={0}>{table.name}</Text>
        : <Text size="sm"><Go to={links.rows(table)}>{table.name}</Go></Text>}
      {row !== undefined && <Text size="sm" fw={600} aria-current="page" component="h2" m={0} style={{ overflowWrap: 'anywhere' }}>{row}</Text>}
    </Breadcrumbs>
  );
}
