// The draft that an editor works on. The address holds what it changes, so that a reload or a link brings it back.
import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { Draft } from '../api/types';
import { useSearch } from '../parts/search-params';
import { fromSearch, same, searchOf, type Kind } from './draft';

// Browsers refuse more than a few changes of the address a second.
const PAUSE = 250;

export function useDraft(kind: Kind, entry: Draft, isNew: boolean) {
  const search = useSearch();
  const [path, go] = useLocation();
  const written = useRef(search);
  const [draft, setDraft] = useState(() => fromSearch(search, entry));
  // Somebody else wrote the address: a link to another new key.
  useEffect(() => {
    if (search === written.current) return;
    written.current = search;
    setDraft(fromSearch(search, entry));
  }, [search, entry]);
  useEffect(() => {
    const next = searchOf(draft, entry, kind, isNew);
    if (next === written.current) return;
    const timer = setTimeout(() => {
      written.current = next;
      go(next ? `${path}?${next}` : path, { replace: true });
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [draft, entry, kind, isNew, path, go]);
  const change = (members: Partial<Draft>) => setDraft((draft) => ({ ...draft, ...members }));
  return { draft, change, unsaved: !same(draft, entry) };
}
