// What is known of the picked table or key, beside the map; on a phone beneath it.
import type { ReactNode } from 'react';
import { Anchor, CloseButton, Text } from '@mantine/core';
import type { Catalog } from '../api/types';
import { closestTable } from '../parts/closest';
import { KeyCard } from './key-card';
import type { Spot } from './focus';
import { TableCard } from './table-card';

export interface CardProps {
  catalog: Catalog;
  /** Undefined before the first audit. */
  orphans: ReadonlyMap<string, number> | undefined;
  onPick: (spot: NonNullable<Spot>) => void;
  onClose: () => void;
}

export function Card({ spot, ...props }: CardProps & { spot: NonNullable<Spot> }) {
  if ('table' in spot) {
    const table = props.catalog.tables.find(({ id }) => id === spot.table);
    if (table) return <TableCard key={table.id} table={table} {...props} />;
    return <Unknown what={`No table is named ${spot.table}`} meant={closestTable(spot.table, props.catalog.tables.map(({ id }) => id))} {...props} />;
  }
  const shown = props.catalog.keys.find(({ id }) => id === spot.key);
  return shown ? <KeyCard key={shown.id} shown={shown} {...props} /> : <Unknown what="This key does not exist any more" {...props} />;
}

function Unknown({ what, meant, onPick, onClose }: CardProps & { what: string; meant?: string | null }) {
  return (
    <CardFrame label={what} title={what} onClose={onClose}>
      <Text size="sm" c="dimmed">The catalog has changed since the link was made, or its source does not answer.</Text>
      {meant && (
        <Text size="sm" mt={4}>
          Did you mean <Anchor component="button" size="sm" underline="always" onClick={() => onPick({ table: meant })}>{meant}</Anchor>?
        </Text>
      )}
    </CardFrame>
  );
}

export function CardFrame({ label, title, onClose, children }: { label: string; title: ReactNode; onClose: () => void; children: ReactNode }) {
  return (
    <section className="map-card" aria-label={label}>
      <header>
        <Text component="h2" size="sm" fw={600} flex={1} tabIndex={-1} style={{ overflowWrap: 'anywhere', outline: 'none' }}>{title}</Text>
        <CloseButton size="sm" onClick={onClose} aria-label="Close the card" />
      </header>
      <div className="scroll" tabIndex={0} role="group" aria-label={`${label}: details`}>{children}</div>
    </section>
  );
}
