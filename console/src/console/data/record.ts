// What the answer to one row tells beside it.
import { isObject } from '../api/json';
import type { JsonObject } from '../api/types';
import { textOf } from './rows';

/** The source that could not be asked. */
export function awayOf(answer: JsonObject): string | null {
  const partial = isObject(answer.meta) ? answer.meta.partial : null;
  const first = Array.isArray(partial) ? partial.find(isObject) : undefined;
  return first ? textOf(first.source) : null;
}
