// Which relationships a request embeds, with which fields; in the address `embed=customers:id,"odd name" payments:#`.
import type { Catalog, Relationship, Table } from '../api/types';
import { naming, shownFields } from '../data/fields';
import type { ViewState } from '../data/state';
import { parts, readPath, words, writePath } from '../data/words';

export interface Embed {
  relationship: Relationship;
  /** Only how many rows there are. */
  count: boolean;
  /** Empty: all. */
  fields: string[];
}

const COUNT = '#';

/** What the address says; where it says nothing, what the data view embeds. */
export function readEmbeds(catalog: Catalog, table: Table, state: ViewState, text: string | null): Embed[] {
  if (text === null) return ofView(catalog, table, state);
  return words(text).flatMap((word) => {
    const [name = '', fields = ''] = parts(word, ':');
    const relationship = table.relationships.find((one) => one.name === readName(name));
    const count = fields === COUNT;
    return relationship ? [{ relationship, count, fields: count ? [] : parts(fields, ',').filter(Boolean).map(readName) }] : [];
  });
}

// A dot parts nothing here, so that it may stand in a name without quotes.
const readName = (text: string) => readPath(text).join('.');

export const writeEmbeds = (embeds: Embed[]) => embeds.map(({ relationship: { name }, count, fields }) =>
  [writePath([name]), ...(count ? [COUNT] : fields.length ? [fields.map((field) => writePath([field])).join(',')] : [])].join(':')).join(' ');

/** Of the rows that are referred to, their names; of others, how many there are. */
function ofView(catalog: Catalog, table: Table, state: ViewState): Embed[] {
  return shownFields(table, state).flatMap((field): Embed[] => {
    if (field.kind === 'relationship' && field.relationship.many) return [{ relationship: field.relationship, count: true, fields: [] }];
    const ones = field.kind === 'column' ? field.references : [field.relationship];
    return ones.map((relationship) => ({ relationship, count: false, fields: naming(catalog, relationship.target)?.columns.map(({ name }) => name) ?? [] }));
  });
}
