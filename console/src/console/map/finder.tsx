// The search on the map: tables by name or column, keys by their columns.
import { useMemo, useState } from 'react';
import { Autocomplete, Kbd } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import type { Catalog } from '../api/types';
import { hasWords } from '../parts/by-words';
import type { Spot } from './focus';
import { sideText } from './model';

const SHOWN = 12;

interface Entry { text: string; words: string; spot: NonNullable<Spot> }

export function Finder({ catalog, onFind }: { catalog: Catalog; onFind: (spot: NonNullable<Spot>) => void }) {
  const [text, setText] = useState('');
  const entries = useMemo(() => entriesOf(catalog), [catalog]);
  const found = useMemo(() => search(entries, text), [entries, text]);
  const submit = (value: string) => {
    const entry = found.find((one) => one.text === value);
    if (entry) onFind(entry.spot);
    // The field takes the option's text after this call.
    setTimeout(() => setText(''));
  };
  const textsOf = (kind: 'table' | 'key') => found.filter(({ spot }) => kind in spot).map((one) => one.text);
  const groups = [{ group: 'Tables', items: textsOf('table') }, { group: 'Keys', items: textsOf('key') }].filter(({ items }) => items.length);
  return (
    <Autocomplete
      className="map-finder" size="xs" aria-label="Find a table or key" placeholder="Find a table or key" data-finder
      value={text} onChange={setText} onOptionSubmit={submit} data={groups} filter={({ options }) => options} limit={SHOWN * 2}
      selectFirstOptionOnChange maxDropdownHeight={360} leftSection={<IconSearch size={14} aria-hidden />}
      rightSection={<Kbd size="xs" visibleFrom="sm">/</Kbd>} rightSectionPointerEvents="none"
      comboboxProps={{ withinPortal: false, floatingStrategy: 'fixed', width: 340, position: 'bottom-start' }}
    />
  );
}

function entriesOf({ tables, keys }: Catalog): Entry[] {
  const texts = new Set<string>();
  const all = [
    ...tables.map(({ id, columns }) => ({ text: id, words: columns.map(({ name }) => name).join(' '), spot: { table: id } })),
    ...keys.map(({ id, name, inverse, referencing, referenced }) => ({
      text: `${referencing.table}.${sideText(referencing.columns)} → ${referenced.table}.${sideText(referenced.columns)}`, words: `${name} ${inverse}`, spot: { key: id },
    })),
  ];
  // Keys that differ only in their conditions have one text; a list's texts must differ.
  return all.map((entry) => {
    let { text } = entry;
    while (texts.has(text)) text += ' ';
    texts.add(text);
    return { ...entry, text };
  });
}

function search(entries: Entry[], text: string): Entry[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return entries.filter(({ spot }) => 'table' in spot).slice(0, SHOWN);
  const ranked = entries.map((entry) => ({ entry, rank: rankOf(entry, wanted) })).filter(({ rank }) => rank < 9);
  return ranked.sort((one, other) => one.rank - other.rank).slice(0, SHOWN).map(({ entry }) => entry);
}

// The name itself comes before names that begin so, these before names that hold it, and columns come last.
function rankOf({ text, words, spot }: Entry, wanted: string): number {
  const key = 'key' in spot ? 4 : 0;
  const id = text.toLowerCase();
  const name = id.slice(id.indexOf('.') + 1);
  if (name === wanted || id === wanted) return key;
  if (name.startsWith(wanted) || id.startsWith(wanted)) return 1 + key;
  if (hasWords(id, wanted)) return 2 + key;
  return hasWords(`${id} ${words}`, wanted) ? 3 + key : 9;
}
