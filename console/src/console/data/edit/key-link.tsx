// A key's name, with the way to the key: its entry where the key file has one, else the map's card of it.
import { Anchor, Text } from '@mantine/core';
import { useRouter } from 'wouter';
import type { Catalog, Key } from '../../api/types';
import { links } from '../../links';

/** The key of a table that is named so. */
export const keyNamed = (catalog: Catalog | undefined, table: string, name: string | null) =>
  catalog?.keys.find((key) => key.referencing.table === table && key.name === name);

export function KeyLink({ name, shown }: { name: string; shown: Key | undefined }) {
  const { base } = useRouter();
  if (!shown) return <Text span className="mono" style={{ overflowWrap: 'anywhere' }}>{name}</Text>;
  return (
    // A tab of its own, for what is under way here is not to be lost.
    <Anchor className="mono" href={base + (shown.entry ? links.key(shown.entry) : links.map({ key: shown.id }))} target="_blank" rel="noopener"
      style={{ overflowWrap: 'anywhere' }} aria-label={`Key ${name} in a new tab`}>{name}</Anchor>
  );
}
