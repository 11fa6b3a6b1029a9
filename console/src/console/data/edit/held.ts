// What a field of a form holds, and the value that it stands for. Text is kept as it was typed until it is sent.
import { isLosslessNumber, isSafeNumber, LosslessNumber } from 'lossless-json';
import type { Column, Json } from '../../api/types';
import { readJson, writeJson } from '../../api/client';

export type Held =
  /** Left out: the database's default, or NULL. */
  | { as: 'left' }
  | { as: 'null' }
  | { as: 'text'; text: string }
  /** A document. */
  | { as: 'json'; value: Json };

/** A field's value; `undefined` where it is left out. */
export type Read = { ok: true; value: Json | undefined } | { ok: false; fault: string };

export const LEFT: Held = { as: 'left' };
export const NULL: Held = { as: 'null' };
export const text = (text: string): Held => ({ as: 'text', text });

/** Of a value as the server answers it. */
export function hold(column: Column, value: Json | undefined): Held {
  if (value === undefined) return LEFT;
  if (value === null) return NULL;
  if (column.type === 'json' || (typeof value === 'object' && !isLosslessNumber(value))) return { as: 'json', value };
  return text(String(value));
}

/** What a new row's field begins with. */
export const begin = (column: Column): Held => (column.has_default || !column.nullable ? LEFT : NULL);

export function read(column: Column, held: Held): Read {
  switch (held.as) {
    case 'left': return { ok: true, value: undefined };
    case 'null': return { ok: true, value: null };
    case 'json': return { ok: true, value: held.value };
    case 'text': return readText(column, held.text);
  }
}

/** A scalar for a column, as a key's value is given to it. */
export const holdScalar = (value: Json): Held => (value === null ? NULL : text(String(value)));

export const same = (one: unknown, other: unknown) => writeJson(one) === writeJson(other);

/** A number with all its digits; null where the text is none. */
export function numberOf(text: string): number | LosslessNumber | null {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text.trim());
  if (!parts || !(parts[2] || parts[3])) return null;
  const [, sign, whole = '', fraction, power] = parts;
  const plain = `${sign === '-' ? '-' : ''}${whole.replace(/^0+(?=\d)/, '') || '0'}${fraction ? `.${fraction}` : ''}${power ? `e${power}` : ''}`;
  return /^-?\d+$/.test(plain) && isSafeNumber(plain) && plain !== '-0' ? Number(plain) : new LosslessNumber(plain);
}

const UUID = /^\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i;

export const isUuid = (text: string) => UUID.test(text.trim());

function readText(column: Column, text: string): Read {
  const value = (value: Json): Read => ({ ok: true, value });
  const fault = (fault: string): Read => ({ ok: false, fault });
  switch (column.type) {
    case 'integer':
    case 'bigint':
      return /^[+-]?\d+$/.test(text.trim()) ? value(numberOf(text)!) : fault('takes a whole number');
    case 'decimal':
    case 'float': {
      if (/^(NaN|[+-]?Infinity)$/.test(text.trim())) return value(text.trim());
      const number = numberOf(text);
      return number === null ? fault('takes a number') : value(number);
    }
    case 'boolean':
      return text === 'true' || text === 'false' ? value(text === 'true') : value(numberOf(text) ?? text);
    case 'uuid':
      return isUuid(text) ? value(text.trim()) : fault('takes 32 hexadecimal digits, as in 550e8400-e29b-41d4-a716-446655440000');
    case 'date':
    case 'time':
    case 'datetime':
    case 'timestamp':
      return text.trim() ? value(text.trim()) : fault('a value is needed');
    case 'bytes':
      return isBase64(text) ? value(text.replace(/\s/g, '')) : fault('takes base64: letters, digits, + and /, with = at the end');
    case 'json': {
      const document = readDocument(text);
      return 'fault' in document ? fault(document.fault) : value(document.value);
    }
    default:
      return value(text);
  }
}

function isBase64(text: string) {
  const plain = text.replace(/\s/g, '');
  return plain.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(plain);
}

/** JSON text, or which line of it is wrong. */
export function readDocument(text: string): { value: Json } | { fault: string; line: number } {
  try {
    return { value: readJson(text) };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const at = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
    const before = text.slice(0, at).split('\n');
    const told = message.replace(/ ?at position \d+$/, '').replace(/^./, (first) => first.toLowerCase());
    return { fault: `line ${before.length}, column ${before.at(-1)!.length + 1}: ${told}`, line: before.length };
  }
}
