// What the server's answers hold: `/catalog`, `/admin/keys`, `/admin/audit`, `/admin/sources`, `/admin/transactions`.
import type { LosslessNumber } from 'lossless-json';

/** A JSON value; numbers that JavaScript would round, and all fractions, keep their digits. */
export type Json = null | boolean | number | string | LosslessNumber | Json[] | { [member: string]: Json };
export type JsonObject = { [member: string]: Json };

/** `GET /catalog`: every table, key and relationship. */
export interface Catalog {
  /** Of the program. */
  version: string;
  /** Changes with each version of tables and keys. */
  revision: string;
  sources: Source[];
  tables: Table[];
  keys: Key[];
}

export type Kind = 'postgres' | 'mysql' | 'sqlite';

export interface Source {
  name: string;
  kind: Kind;
  /** `unknown`: it could not be read yet, so that its tables are not among `tables`. */
  state: 'up' | 'down' | 'unknown';
  read_only: boolean;
}

export interface Table {
  /** As the key file writes it: `crm.contact`. */
  id: string;
  source: string;
  /** In the path of REST: `/api/v2/{source}/_table/{name}`. */
  name: string;
  view: boolean;
  read_only: boolean;
  /** As the database estimates them. */
  rows: number | null;
  primary_key: string[];
  /** Further sets of columns that are unique. */
  unique: string[][];
  /** The column that tells people which row it is. */
  label: string | null;
  columns: Column[];
  relationships: Relationship[];
  /** Names in GraphQL; null where the schema has none for it. */
  graphql: { type: string; list: string; by_pk: string | null; connection: string | null; aggregate: string } | null;
}

export type ColumnType =
  | 'integer' | 'bigint' | 'decimal' | 'float' | 'boolean' | 'text' | 'uuid' | 'enum' | 'date' | 'time' | 'datetime'
  | 'timestamp' | 'bytes' | 'json' | 'other';

export interface Column {
  name: string;
  type: ColumnType;
  /** In the database's words. */
  db_type: string;
  /** Of an enum. */
  values: string[] | null;
  nullable: boolean;
  /** The database fills it in where a new row leaves it out. */
  has_default: boolean;
  /** It is never written. */
  generated: boolean;
  indexed: boolean;
  /** The field with the raw value; `documents`: it is an object, or a list of objects, whose `_json` is the raw value. */
  graphql: { field: string; documents: boolean } | null;
}

export interface Relationship {
  name: string;
  kind: 'belongs_to' | 'has_one' | 'has_many' | 'many_many';
  /** A list, as opposed to one row or null. */
  many: boolean;
  /** The table it leads to, an id. */
  target: string;
  /** This table's columns, with paths into documents: `items[].product`. */
  columns: string[];
  /** The target's columns, in the same order. */
  target_columns: string[];
  /** The key it follows, an id; of many_many the one towards this table. */
  key: string;
  /** The junction's table, its key towards the target, and the entry that names the relationship. */
  through: { table: string; key: string; entry: string | null } | null;
  graphql: { field: string; connection: string | null; aggregate: string | null } | null;
}

export type Action = 'restrict' | 'cascade' | 'set_null' | 'no_action';

export interface Key {
  /** Stable while the key means the same. */
  id: string;
  /** As seen from the referencing table. */
  name: string;
  /** As seen from the referenced table. */
  inverse: string;
  /** Declared in the key file, not by the database. */
  virtual: boolean;
  referencing: Side;
  referenced: Side;
  /** How the values of each pair of columns meet, for people. */
  class: string[];
  when: JsonObject;
  unique: 'declared' | 'assumed';
  on_delete: Action;
  on_update: Action;
  enforce: 'always' | 'warn' | 'never';
  /** Its entry in the key file (`/admin/keys/{entry}`). */
  entry: string | null;
}

export interface Side {
  /** A table's id. */
  table: string;
  /** With paths into documents: `tags[]`. */
  columns: string[];
}

/** `GET /admin/keys`: the entries of the key file. Its ETag, without quotes, is `revision`. */
export interface KeyFile {
  /** Whether entries can be written; else `reason` says why not. */
  writable: boolean;
  reason: string | null;
  revision: string;
  entries: Entry[];
  /** Of the file as it is; positions as the compiler's: `file:line:column`. */
  faults: Fault[];
}

/** One `[[foreign_key]]` or `[[many_many]]`. */
export interface Entry {
  /** `foreign_key/0`. */
  entry: string;
  kind: 'foreign_key' | 'many_many';
  file: string;
  line: number;
  /** As it stands in the file. */
  text: string;
  draft: Draft;
  /** The catalog's key, where it has one. */
  key: string | null;
}

/** What an entry says; members that are left out have their default. */
export interface Draft {
  column?: string | string[];
  references?: string | string[];
  name?: string | null;
  inverse?: string | null;
  compare?: string | null;
  on_delete?: Action | null;
  on_update?: Action | null;
  enforce?: 'always' | 'warn' | 'never' | null;
  unique?: 'assumed' | null;
  when?: JsonObject | null;
  /** Of many_many. */
  table?: string;
  through?: string;
  keys?: string[] | null;
}

export interface Fault {
  severity: 'error' | 'warning';
  message: string;
  hint: string | null;
  /** `crosskey.toml:12:10`. */
  place: string | null;
  /** The entry's member, where the fault is one's. */
  member: string | null;
}

/** A change of the key file, tried and not done: POST, PATCH or DELETE `/admin/keys…?dry_run=true`. */
export interface Preview {
  revision: string;
  /** Without errors, so that it can be saved. */
  valid: boolean;
  faults: Fault[];
  file: string;
  /** The entry's new text; null where it is removed. */
  text: string | null;
  /** Unified diff of the file. */
  diff: string;
  /** The rest is null where the entry is faulty, removed, or a many_many. */
  key: Key | null;
  /** By what the referenced columns are unique. */
  uniqueness: 'primary key' | 'unique' | 'assumed' | null;
  /** Indexes that lookups of both directions would use. */
  indexes: { table: string; columns: string[]; there: boolean; ddl: string | null; note: string | null }[] | null;
  /** The first rows of the referencing table, looked at. */
  sample: {
    rows: number;
    references: number;
    orphans: number;
    orphan_rows: { row: JsonObject; values: Json[] }[];
    /** The first references that lead to a row; older servers do not tell them. */
    matching?: { row: JsonObject; values: Json[] }[];
    /** Of the whole table, where that is more than the sample. */
    more: boolean;
    error: string | null;
  } | null;
  /** A read by the new key, and what it answers. */
  test: { request: string; status: number; reply: Json } | null;
}

/** `GET /admin/audit`; POST starts one, DELETE stops it. */
export interface Audit {
  state: 'never' | 'running' | 'done' | 'stopped';
  started_at: string | null;
  finished_at: string | null;
  /** Keys that are done, and all. */
  done: number;
  total: number;
  /** The key under way: rows so far, and how many there are about. */
  current: { key: string; rows: number; expected: number | null } | null;
  reports: AuditReport[];
}

export interface AuditReport {
  /** The catalog's key. */
  id: string;
  key: string;
  column: string[];
  references: string[];
  native: boolean;
  rows: number;
  checked: number;
  orphans: number;
  samples: { row: JsonObject; values: Json[] }[];
  error: string | null;
}

/** `GET /admin/sources`. */
export interface Health {
  sources: SourceHealth[];
  cache: { bytes: number; max_bytes: number } | null;
  /** Lookups under way that share statements, and the keys that they wait for. */
  lanes: { count: number; keys: number };
  /** The slowest lookups and pages of the last hour, slowest first. */
  slow: SlowStatement[];
  config: { state: 'ok' | 'refused' | 'incomplete'; message: string | null };
  version: string;
  /** Seconds since the process began. */
  uptime: number;
}

export interface SourceHealth extends Source {
  pool: { max: number; open: number | null; idle: number | null };
  statements: number;
  errors: number;
  /** Of all statements. */
  seconds: number;
  /** Keys sent in statements. */
  lookup_keys: number;
  cache: { ttl: number; hits: number; misses: number; refused_stale: number } | null;
}

export interface SlowStatement {
  at: string;
  source: string;
  table: string;
  kind: 'lookup' | 'page';
  seconds: number;
  rows: number;
  keys: number;
}

/** `GET /admin/transactions`. */
export interface Transactions {
  resource: Transaction[];
  /** Sources whose journal could not be read. */
  unknown: string[];
}

export interface Transaction {
  id: string;
  state: 'pending' | 'conflicted' | string;
  source: string;
  decided_at: string;
  attempts: number;
  last_error: string | null;
  /** What is left to do, per source. */
  parts: { source: string; operations: JsonObject[] }[];
}

/** The error of REST, within `{"error": …}`. */
export interface ErrorBody {
  code: number;
  status_code: number;
  message: string;
  context: {
    reason: string;
    hint?: string;
    request_id?: string;
    errors?: { index: number; path: string; values?: Json[]; foreign_key?: string }[];
    foreign_key?: { name: string; column: string[]; references: string[]; path?: string; values?: Json[] };
    [fact: string]: unknown;
  };
}
