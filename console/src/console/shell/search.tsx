// Ctrl-K: to any table, key or view.
import { useEffect, useState } from 'react';
import { Spotlight, type SpotlightActionData, type SpotlightFilterFunction } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useLocation } from 'wouter';
import { useCatalog } from '../api/queries';
import { links } from '../links';
import { hasWords } from '../parts/by-words';

export function Search() {
  const [, move] = useLocation();
  const { data } = useCatalog();
  // The focus goes along; it goes back to where it was only where nothing was chosen.
  const [moved, setMoved] = useState(false);
  useEffect(() => { if (moved) document.getElementById('main')?.focus(); }, [moved]);
  const go = (to: string) => { move(to); setMoved(true); };
  const tables: SpotlightActionData[] = (data?.tables ?? []).map((table) => ({
    id: `table ${table.id}`, label: table.id, description: 'Rows', onClick: () => go(links.rows(table)),
  }));
  const keys: SpotlightActionData[] = (data?.keys ?? []).map((key) => ({
    id: `key ${key.id}`,
    label: `${key.referencing.table}.${key.referencing.columns.join(', ')} → ${key.referenced.table}`,
    description: key.virtual ? 'Key of the key file' : 'Key of the database',
    onClick: () => go(key.entry ? links.key(key.entry) : links.map({ key: key.id })),
  }));
  const views: SpotlightActionData[] = Object.entries({ 'New key': links.newKey(), Map: links.map(), Keys: links.keys(), Health: links.health() })
    .map(([label, to]) => ({ id: label, label, onClick: () => go(to) }));
  return (
    <Spotlight
      actions={[{ group: 'Tables', actions: tables }, { group: 'Keys', actions: keys }, { group: 'Views', actions: views }]}
      title="Search" shortcut={['mod + K']} filter={byWords} limit={12} scrollable maxHeight={420} highlightQuery nothingFound="Nothing is named like this"
      onSpotlightOpen={() => setMoved(false)} returnFocus={!moved}
      searchProps={{ leftSection: <IconSearch size={18} aria-hidden />, placeholder: 'Table, key or view', 'aria-label': 'Search' }}
    />
  );
}

const byWords: SpotlightFilterFunction = (query, groups) => groups.flatMap((group) => {
  if (!('actions' in group)) return [];
  const actions = group.actions.filter(({ label, description = '' }) => hasWords(`${label} ${description}`, query));
  return actions.length ? [{ ...group, actions }] : [];
});
