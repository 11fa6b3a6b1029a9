// The tables beside what is shown of one.
import { useState } from 'react';
import { ActionIcon, Box, Group, Text, TextInput } from '@mantine/core';
import { IconLayoutSidebarLeftCollapse, IconSearch } from '@tabler/icons-react';
import type { Catalog } from '../api/types';
import { links } from '../links';
import { SourceDot } from '../parts/table-name';
import { Go } from './go';
import { matching } from './table-list';
import classes from './data.module.css';

interface Props {
  catalog: Catalog;
  /** The table that is shown, an id. */
  current: string | undefined;
  onHide?: () => void;
}

export function TableMenu({ catalog, current, onHide }: Props) {
  const [search, setSearch] = useState('');
  const found = matching(catalog.tables, search);
  return (
    <>
      <Group gap={4} p={6} wrap="nowrap">
        <TextInput size="xs" style={{ flex: 1 }} placeholder="Table or column" aria-label="Search tables" value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          leftSection={<IconSearch size={13} aria-hidden />} />
        {onHide && <ActionIcon variant="subtle" color="gray" size="md" onClick={onHide}
          aria-label="Hide tables"><IconLayoutSidebarLeftCollapse size={16} /></ActionIcon>}
      </Group>
      <Box component="nav" aria-label="Tables" style={{ flex: 1, overflow: 'auto', minHeight: 0 }}>
        {catalog.sources.map(({ name, state }) => {
          const tables = found.filter(({ source }) => source === name);
          if (!tables.length && search) return null;
          return (
            <Box key={name} mb={6}>
              <Group gap={6} px={8} py={2} wrap="nowrap">
                <SourceDot source={name} size={8} /><Text size="xs" fw={700} c="dimmed">{name}</Text>
                {state !== 'up' && <Text size="xs" c="orange.8">{state}</Text>}
              </Group>
              {tables.map((table) => (
                <Go key={table.id} to={links.rows(table)} className={classes.item} aria-current={table.id === current ? 'true' : undefined}>
                  <span>{table.name}</span>{table.rows !== null && <span className={classes.quiet}>{table.rows}</span>}
                </Go>
              ))}
            </Box>
          );
        })}
        {!found.length && <Text size="xs" c="dimmed" px={10}>no table</Text>}
      </Box>
    </>
  );
}
