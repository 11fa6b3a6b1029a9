// The columns that may stand on a side of a key: found by words, the likeliest first.
import type { Catalog, Column, Table } from '../api/types';
import { hasWords, wordsOf } from '../parts/by-words';

export interface Choice {
  /** As the key file writes it: `crm.contact.email`. */
  id: string;
  table: Table;
  column: Column;
  /** By itself, so that a key may refer to it. */
  unique: 'primary key' | 'unique' | null;
}

export const choicesOf = (catalog: Catalog): Choice[] => catalog.tables.flatMap((table) => table.columns.map((column) => ({
  id: `${table.id}.${quoted(column.name)}`, table, column, unique: uniqueness(table, column.name),
})));

/** Of a table's columns, those that may refer: any but what the database computes itself may be of use. */
export const referencingOf = (choices: Choice[], table?: string) => choices.filter((one) => !table || one.table.id === table);

/** Columns that may be referred to, unique ones first, then those of the type of the referencing column. */
export function referencedOf(choices: Choice[], referencing: Choice | undefined, table?: string): Choice[] {
  const rank = (one: Choice) => (one.unique ? 0 : 2) + (likes(one.column, referencing?.column) ? 0 : 1);
  return choices.filter((one) => one.column.type !== 'json' && (!table || one.table.id === table)).sort((a, b) => rank(a) - rank(b));
}

/** Those with every word in their names; the order among equals stays. */
export function find(choices: Choice[], text: string): Choice[] {
  const words = wordsOf(text);
  if (!words.length) return choices;
  const last = words.at(-1)!;
  const rank = ({ id, column }: Choice) => {
    const name = column.name.toLowerCase();
    return id.toLowerCase() === words[0] ? 0 : name === last ? 1 : name.startsWith(last) ? 2 : 3;
  };
  return choices.filter(({ id }) => hasWords(id, text)).sort((a, b) => rank(a) - rank(b));
}

/** The column that a text names, and the path behind it. The longest name counts, for names may hold dots. */
export function parsed(choices: Choice[], text: string): { choice: Choice; path: string } | undefined {
  const wanted = text.trim().toLowerCase();
  const fits = choices.filter(({ id }) => wanted.startsWith(id.toLowerCase()) && /^($|[.[])/.test(wanted.slice(id.length)));
  const choice = fits.sort((a, b) => b.id.length - a.id.length)[0];
  return choice && { choice, path: text.trim().slice(choice.id.length) };
}

/** Its values may be documents that a path leads into. */
export const holdsDocuments = (column: Column) => column.type === 'json';

function uniqueness(table: Table, column: string): Choice['unique'] {
  if (table.primary_key.length === 1 && table.primary_key[0] === column) return 'primary key';
  return table.unique.some((columns) => columns.length === 1 && columns[0] === column) ? 'unique' : null;
}

// The key file takes such names as they are; others stand in double quotes.
const quoted = (name: string) => (/^[\p{L}\p{N}_\-$ ]+$/u.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

const NUMBERS = ['integer', 'bigint', 'decimal'];
const TEXTS = ['text', 'enum', 'uuid'];

function likes(column: Column, other?: Column) {
  if (!other || other.type === column.type || other.type === 'json') return true;
  return [NUMBERS, TEXTS].some((family) => family.includes(column.type) && family.includes(other.type));
}
