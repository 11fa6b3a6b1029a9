// The names that relationships get where an entry gives none (docs/keys.md); the server numbers those that are taken.
import type { Catalog, Draft } from '../api/types';
import { pairsOf } from './draft';
import { choicesOf, parsed } from './columns';

export function defaultNames(catalog: Catalog, draft: Draft): { name: string; inverse: string } | null {
  const choices = choicesOf(catalog);
  const sides = pairsOf(draft).map(({ column, references }) => ({ from: parsed(choices, column), to: parsed(choices, references) }));
  const { from, to } = sides[0]!;
  if (!from || !to) return null;
  const [near, far] = [from.choice.table, to.choice.table];
  const by = sides.map(({ from }) => (from ? from.choice.column.name + from.path.replaceAll('[]', '').replaceAll('.', '_') : '')).join('_');
  const foreign = near.source !== far.source;
  return {
    name: `${foreign ? `${far.source}.` : ''}${far.name}_by_${by}`,
    inverse: `${foreign ? `${near.source}.` : ''}${near.name}_by_${by}${near === far ? '_many' : ''}`,
  };
}
