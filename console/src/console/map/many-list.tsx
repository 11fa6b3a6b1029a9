// The relationships of a table that lead over a junction.
import { ActionIcon, Anchor, Group, Tooltip } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { Link } from 'wouter';
import type { Relationship, Table } from '../api/types';
import { links } from '../links';
import { Breaking } from '../parts/breaking';
import { TableName } from '../parts/table-name';
import type { CardProps } from './card';

type Many = Relationship & { through: NonNullable<Relationship['through']> };

export const manyOf = ({ relationships }: Table) => relationships.filter((one): one is Many => one.through !== null);

export function ManyList({ of, onPick }: { of: Many[]; onPick: CardProps['onPick'] }) {
  return (
    <ul>
      {of.map(({ name, target, through }) => (
        <li key={name}>
          <Group gap={6} wrap="nowrap" justify="space-between">
            <span className="mono"><Breaking>{name}</Breaking></span>
            {through.entry && (
              <Tooltip label="Edit the entry" withinPortal={false} position="left">
                <ActionIcon component={Link} href={links.key(through.entry)} variant="subtle" color="gray" size="sm" aria-label={`Edit ${name}`}>
                  <IconPencil size={14} />
                </ActionIcon>
              </Tooltip>
            )}
          </Group>
          <To table={target} label={`Go to ${target}, by ${name}`} onPick={onPick} />
          <div className="map-through">through <To table={through.table} label={`Go to ${through.table}, the junction of ${name}`} onPick={onPick} /></div>
        </li>
      ))}
    </ul>
  );
}

function To({ table, label, onPick }: { table: string; label: string; onPick: CardProps['onPick'] }) {
  return <Anchor component="button" size="xs" c="inherit" onClick={() => onPick({ table })} aria-label={label}><TableName id={table} size="xs" /></Anchor>;
}
