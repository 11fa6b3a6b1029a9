// The entry that an editor changes, kept apart from what becomes of the file meanwhile.
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import type { Entry, KeyFile } from '../api/types';
import { links } from '../links';
import { useSearch } from '../parts/search-params';

/**
 * Entries are numbered, so a change of the file may move them: one that still has its text is followed. Where its text has
 * changed, or it is gone, the draft is of an `outdated` entry, until the person takes the newest.
 */
export function useBase(file: KeyFile, id: string) {
  const [base, setBase] = useState(() => ({ entry: file.entries.find(({ entry }) => entry === id), revision: file.revision }));
  const [, go] = useLocation();
  const search = useSearch();
  const found = base.entry && stillThere(file, base.entry);
  const changed = file.revision !== base.revision;
  useEffect(() => {
    if (!changed || !found) return;
    setBase({ entry: found, revision: file.revision });
    if (found.entry !== id) go(links.key(found.entry) + (search && `?${search}`), { replace: true });
  }, [changed, found, file.revision, id, go, search]);
  const newest = file.entries.find(({ entry }) => entry === id);
  return {
    entry: base.entry,
    outdated: changed && Boolean(base.entry) && !found,
    /** What the entry says now, if it is still there. */
    newest,
    takeNewest: () => setBase({ entry: newest, revision: file.revision }),
  };
}

function stillThere(file: KeyFile, { entry, text, kind }: Entry) {
  const alike = file.entries.filter((one) => one.kind === kind && one.text === text);
  return alike.find((one) => one.entry === entry) ?? alike[0];
}
