// A value as one line of text, with all its digits.
import { isLosslessNumber } from 'lossless-json';
import { writeJson } from '../api/client';
import type { Json } from '../api/types';

export function shown(value: Json): string {
  if (value === null) return 'null';
  return typeof value === 'object' && !isLosslessNumber(value) ? writeJson(value) : String(value);
}
