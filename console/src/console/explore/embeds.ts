// Which relationships a request embeds, with which fields; in the address `embed=customers:id,plan payments:%23`.
import type { Catalog, Relationship, Table } from '../api/types';
import { naming, shownFields } from '../data/fields';
import type { ViewState } from '../data/state';

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
  return text.split(' ').flatMap((word) => {
    const [name = '', fields = ''] = word.split(':');
    const relationship = table.relationships.find((one) => one.name === name);
    const count = fields === COUNT;
    return relationship ? [{ relationship, count, fields: count ? [] : fields.split(',').filter(Boolean).map(decodeURIComponent) }] : [];
  });
}

export const writeEmbeds = (embeds: Embed[]) => embeds.map(({ relationship: { name }, count, fields }) =>
  (count ? `${name}:${COUNT}` : fields.length ? `${name}:${fields.map(encodeURIComponent).join(',')}` : name)).join(' ');

/** Of the rows that are referred to, their names; of others, how many there are. */
function ofView(catalog: Catalog, table: Table, state: ViewState): Embed[] {
  return shownFields(table, state).flatMap((field): Embed[] => {
    if (field.kind === 'relationship' && field.relationship.many) return [{ relationship: field.relationship, count: true, fields: [] }];
    const ones = field.kind === 'column' ? field.references : [field.relationship];
    return ones.map((relationship) => ({ relationship, count: false, fields: naming(catalog, relationship.target)?.columns.map(({ name }) => name) ?? [] }));
  });
}
