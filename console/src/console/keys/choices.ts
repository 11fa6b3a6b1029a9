// What may be chosen for a key, each in a sentence; docs/keys.md and docs/integrity.md tell more.
export interface Meaning { value: string; means: string }

/** The first of each is the default, which the file need not say. */
export const ON_DELETE: Meaning[] = [
  { value: 'restrict', means: 'A referenced row cannot be removed while rows refer to it.' },
  { value: 'cascade', means: 'The referring rows are removed with it, and before them those that refer to these.' },
  { value: 'set_null', means: 'The referring columns become NULL; in a document an element is taken out, a member becomes null.' },
  { value: 'no_action', means: 'As restrict, but looked at when all statements of the request are done.' },
];

export const ON_UPDATE: Meaning[] = [
  { value: 'cascade', means: 'The referring columns and documents get the new value, in every database.' },
  { value: 'restrict', means: 'A referenced value cannot change while rows refer to it.' },
  { value: 'set_null', means: 'As restrict.' },
  { value: 'no_action', means: 'As restrict, but looked at when all statements of the request are done.' },
];

export const ENFORCE: Meaning[] = [
  { value: 'always', means: 'A write is refused where a reference has no row, or a row that goes is referred to.' },
  { value: 'warn', means: 'References without a row are written, and told in the log, a metric and a header. Removals are not looked at.' },
  { value: 'never', means: 'Nothing is looked at; the key is for reading.' },
];

export const COMPARE: Meaning[] = [
  { value: 'exact', means: 'By the types of both columns; texts byte by byte.' },
  { value: 'ignore_case', means: 'Texts; ASCII letters of either case are alike.' },
  { value: 'numeric', means: 'Both sides spell numbers, also where they are texts.' },
  { value: 'uuid_swapped', means: 'A binary(16) side stores its time parts first, as UUID_TO_BIN(x, 1) does.' },
  { value: 'date', means: 'A date meets a date-time without zone at midnight.' },
  { value: 'database', means: "Each column's own collation decides about its rows." },
];

/** When two values of a class meet. */
export const CLASSES: Record<string, string> = {
  int: 'whole numbers that are the same; false and true are 0 and 1',
  decimal: 'exact numbers that are the same, however many digits they show',
  numeric: 'a number, and a text that spells it in its shortest form',
  uuid: 'the same 128 bits, however they are spelled',
  text: 'texts of the same bytes',
  bytes: 'the same bytes',
  date: 'the same day',
  local: 'the same date and time, without a zone',
  instant: 'the same moment',
};
