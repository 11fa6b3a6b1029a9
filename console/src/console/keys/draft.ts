// A draft as data: its pairs of columns, what goes to the server, and how the address holds it.
import { readJson, writeJson } from '../api/client';
import { isObject } from '../api/json';
import type { Draft, Entry, JsonObject } from '../api/types';

export type Kind = Entry['kind'];
export interface Pair { column: string; references: string }

/** In the order in which the file lists them. */
const MEMBERS = [
  'column', 'references', 'table', 'through', 'name', 'inverse', 'keys',
  'compare', 'unique', 'when', 'on_delete', 'on_update', 'enforce',
] as const;
type Member = (typeof MEMBERS)[number];

export const listOf = (side: string | string[] | null | undefined): string[] => (side == null ? [] : [side].flat());

/** Always one pair at least, for there is always one to fill in. */
export function pairsOf(draft: Draft): Pair[] {
  const [columns, references] = [listOf(draft.column), listOf(draft.references)];
  return Array.from({ length: Math.max(1, columns.length, references.length) }, (_, at) => ({ column: columns[at] ?? '', references: references[at] ?? '' }));
}

export function withPairs(draft: Draft, pairs: Pair[]): Draft {
  const side = (name: keyof Pair) => (pairs.length === 1 ? pairs[0]![name] : pairs.map((pair) => pair[name]));
  return { ...draft, column: side('column'), references: side('references') };
}

/** What the draft says and nothing else: empty members are left out. */
export function bodyOf(draft: Draft): Draft {
  const said = MEMBERS.map((member) => [member, trimmed(draft[member])] as const).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as Draft;
}

function trimmed(value: Draft[Member]) {
  if (typeof value === 'string') return value.trim() || undefined;
  if (Array.isArray(value)) return value.some(Boolean) ? value : undefined;
  return value && Object.keys(value).length ? value : undefined;
}

export const same = (one: Draft, other: Draft) => writeJson(bodyOf(one)) === writeJson(bodyOf(other));

/** Whether there is enough of it to ask the server what it thinks. */
export function complete(kind: Kind, draft: Draft) {
  if (kind === 'many_many') return Boolean(draft.table && draft.through);
  return pairsOf(draft).every(({ column, references }) => column.trim() && references.trim());
}

/** The members that differ from the entry, as parameters; an empty one was taken out. */
export function searchOf(draft: Draft, entry: Draft, kind: Kind, isNew: boolean): string {
  const changed = MEMBERS.filter((member) => textOf(draft[member]) !== textOf(entry[member]));
  const params = new URLSearchParams(changed.map((member) => [member, textOf(draft[member])]));
  if (isNew && kind === 'many_many') params.set('kind', kind);
  return params.toString();
}

export function fromSearch(search: string, entry: Draft): Draft {
  const params = new URLSearchParams(search);
  const given = MEMBERS.filter((member) => params.has(member)).map((member) => [member, valueOf(member, params.get(member)!)]);
  return { ...entry, ...(Object.fromEntries(given) as Draft) };
}

const textOf = (value: Draft[Member]) => (value == null ? '' : typeof value === 'object' && !Array.isArray(value) ? writeJson(value) : value.toString());

function valueOf(member: Member, text: string): Draft[Member] {
  if (!text) return null;
  if (member === 'when') return readObject(text);
  if (member !== 'column' && member !== 'references' && member !== 'keys') return text as Draft[Member];
  const several = commas(text);
  return several.length > 1 || member === 'keys' ? several : text;
}

// A comma may stand within a quoted name. An empty part is a column that is still to be picked.
const commas = (text: string) => text.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/);

function readObject(text: string): JsonObject | null {
  try {
    const value = readJson(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
