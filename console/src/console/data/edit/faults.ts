// Where an error of a write belongs: at fields, by JSON pointer, or above the form.
import type { ErrorBody, Json, JsonObject, Table } from '../../api/types';
import { ApiError } from '../../api/client';
import { plainly } from './describe';
import { escaped } from './references';

/** By JSON pointer into the row: `/items/0/product`. */
export type Faults = Record<string, string>;

/** The error itself, where a batch wraps it. */
export function innermost(error: ApiError): ErrorBody {
  const { resource } = error.body.context;
  const inner = Array.isArray(resource) ? resource.find((entry): entry is ErrorBody => isError(entry)) : undefined;
  return inner ?? error.body;
}

/** All errors of a batch, by the position of their record. */
export function errorsOf(error: ApiError): { at: number; error: ErrorBody }[] {
  const { resource } = error.body.context;
  if (!Array.isArray(resource)) return [{ at: 0, error: error.body }];
  return resource.flatMap((entry, at) => (isError(entry) ? [{ at, error: entry }] : []));
}

/** `record`: what was sent. */
export function faultsOf(error: ErrorBody, table: Table, record: JsonObject): Faults {
  const { errors, foreign_key: key } = error.context;
  const faults: Faults = {};
  const told = (values: Json[] | undefined) => `${(values ?? []).map(plainly).join(', ')} has no row`;
  const to = key?.references.join(', ') ?? 'the referenced table';
  for (const { path, values } of errors ?? []) faults[pointerIn(table, path)] = `${told(values)} in ${to}`;
  if (key?.path) faults[pointerIn(table, key.path)] = error.message;
  // The keys of other errors differ from the first one's.
  for (const { path, values, foreign_key: other } of errors ?? []) {
    if (key && other && other !== key.name) faults[pointerIn(table, path)] = `${told(values)} (${other})`;
  }
  if (!Object.keys(faults).length && error.context.reason === 'UNIQUE_VIOLATION') {
    // The database does not say which columns they are; often only one set of them comes into question.
    const sent = [table.primary_key, ...table.unique].filter((columns) => columns.length && columns.every((name) => name in record));
    for (const name of sent.length === 1 ? sent[0]! : []) faults[`/${escaped(name)}`] = error.message;
  }
  if (!Object.keys(faults).length) {
    const named = /'([^']+)'/.exec(error.message)?.[1];
    const column = table.columns.find(({ name }) => name.toLowerCase() === named?.toLowerCase());
    if (column) faults[`/${escaped(column.name)}`] = error.message;
  }
  return faults;
}

export const without = (faults: Faults, pointer: string): Faults =>
  Object.fromEntries(Object.entries(faults).filter(([at]) => at !== pointer && !at.startsWith(`${pointer}/`)));

// The server takes columns in any case, and may tell them so.
function pointerIn(table: Table, path: string) {
  const [, first = '', ...rest] = path.split('/');
  const column = table.columns.find(({ name }) => escaped(name).toLowerCase() === first.toLowerCase());
  return ['', column ? escaped(column.name) : first, ...rest].join('/');
}

const isError = (entry: unknown): entry is ErrorBody =>
  typeof entry === 'object' && entry !== null && 'status_code' in entry && 'context' in entry && 'message' in entry;
