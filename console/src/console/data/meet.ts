// How the values of a key's two sides meet, as far as what is shown of them tells it.
import { isNumber } from '../api/json';
import type { Json, JsonObject, Key } from '../api/types';

const WHOLE = /^-?(0|[1-9]\d*)$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * A value in a form in which values that meet are the same, by the class of its pair of columns (`Key.class`). Null where what is
 * shown does not tell: of a number that a text spells in its own way, or of a date beside a date-time, only the server knows.
 */
export function formOf(kind: string | undefined, value: Json): string | null {
  const text = String(value);
  switch (kind) {
    case 'text': return typeof value === 'string' ? value : null;
    case 'ignore_case': return typeof value === 'string' ? value.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : null;
    // Whole numbers of 64 bits come as texts from GraphQL.
    case 'int': case 'numeric': case 'decimal': return (isNumber(value) || typeof value === 'string') && WHOLE.test(text) ? text : null;
    case 'uuid': return UUID.test(text) ? text.toLowerCase() : null;
    default: return null;
  }
}

/** Whether the referenced column, asked for a value as the referencing one shows it, finds what the key finds. */
export function askable(kind: string | undefined, value: Json): boolean {
  if (kind === 'numeric') return formOf(kind, value) !== null || isNumber(value);
  // A UUID in another order of bytes is not what the referenced column shows.
  return kind !== 'uuid_swapped' && kind !== 'bytes';
}

/** Whether a key that has a condition counts for a row; not where the row's columns are not known. */
export const countsFor = ({ when }: Pick<Key, 'when'>, values: JsonObject) => Object.entries(when).every(([column, value]) => {
  const own = values[column];
  return own !== null && own !== undefined && String(own) === String(value);
});
