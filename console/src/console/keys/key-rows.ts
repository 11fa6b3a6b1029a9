// The rows of the list: entries of the key file, and keys that databases declare.
import type { AuditReport, Catalog, Entry, Fault, Key, KeyFile } from '../api/types';
import { hasWords } from '../parts/by-words';
import { listOf, pairsOf } from './draft';
import { entryAt } from './faults';

export interface KeyRow {
  id: string;
  /** Null of a native key that the file does not name. */
  entry: Entry | null;
  /** Null where the entry is faulty, or names a relationship over a junction. */
  key: Key | null;
  from: string[];
  to: string[];
  over: string | null;
  name: string;
  inverse: string;
  faults: Fault[];
  audit: AuditReport | null;
}

export function rowsOf(catalog: Catalog, file: KeyFile | undefined, reports: AuditReport[]): KeyRow[] {
  const audits = new Map(reports.map((report) => [report.id, report]));
  const entries = (file?.entries ?? []).map((entry) => ofEntry(entry, catalog, file!.faults.filter((fault) => entryAt(fault, file!.entries) === entry)));
  const named = new Set(entries.map(({ key }) => key?.id));
  const others = catalog.keys.filter(({ id }) => !named.has(id)).map((key): KeyRow => ({
    id: key.id, entry: null, key, from: full(key.referencing), to: full(key.referenced), over: null,
    name: key.name, inverse: key.inverse, faults: [], audit: null,
  }));
  return [...entries, ...others].map((row) => ({ ...row, audit: (row.key && audits.get(row.key.id)) ?? null }));
}

function ofEntry(entry: Entry, catalog: Catalog, faults: Fault[]): KeyRow {
  const { draft, kind } = entry;
  const key = catalog.keys.find(({ id }) => id === entry.key) ?? null;
  const sides = kind === 'many_many'
    ? { from: [draft.table ?? ''], to: [overJunction(catalog, entry)], over: draft.through ?? '' }
    : { from: pairsOf(draft).map(({ column }) => column), to: listOf(draft.references), over: null };
  return { id: entry.entry, entry, key, ...sides, name: key?.name ?? draft.name ?? '', inverse: key?.inverse ?? draft.inverse ?? '', faults, audit: null };
}

/** The table on the other end of a junction. */
const overJunction = (catalog: Catalog, { entry, draft }: Entry) =>
  catalog.tables.find(({ id }) => id === draft.table)?.relationships.find(({ through }) => through?.entry === entry)?.target ?? '';

const full = ({ table, columns }: Key['referencing']) => columns.map((column) => `${table}.${column}`);

export type Order = 'file' | 'from' | 'to' | 'name' | 'orphans';

export function shownRows(rows: KeyRow[], { words, native, order, down }: { words: string; native: boolean; order: Order; down: boolean }) {
  const kept = rows.filter((row) => (native || row.entry || row.key?.virtual) && hasWords(textOf(row), words));
  if (order === 'file') return kept;
  const sorted = kept.sort((a, b) => (order === 'orphans' ? orphansOf(b) - orphansOf(a) : valueOf(a, order).localeCompare(valueOf(b, order))));
  return down ? sorted.reverse() : sorted;
}

const textOf = ({ from, to, name, inverse, over }: KeyRow) => [...from, ...to, name, inverse, over].join(' ');
const valueOf = (row: KeyRow, order: 'from' | 'to' | 'name') => [row[order]].flat().join();
const orphansOf = ({ audit }: KeyRow) => (audit ? audit.orphans : -1);
