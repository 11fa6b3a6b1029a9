// A catalog of many tables and keys, the same each time, as `GET /catalog` answers it: what maps of real estates of databases look like.
// Few tables are referenced by many, most by few; one key in six leads to another source.

const NOUNS = ['account', 'invoice', 'shipment', 'product', 'device', 'ticket', 'branch', 'contract', 'employee', 'campaign', 'order', 'asset'];
const KINDS = ['', '_item', '_event', '_note', '_history'];

export function largeCatalog({ sources = 5, tables = 300, keys = 500 } = {}) {
  const next = numbers();
  const names = ['crm', 'billing', 'warehouse', 'support', 'analytics', 'hr', 'web', 'archive'].slice(0, sources);
  const all = Array.from({ length: tables }, (_, index) => table(names[index % sources], Math.floor(index / sources), next));
  const made = [];
  while (made.length < keys) {
    const from = all[next() % all.length];
    const crossing = next() % 6 === 0;
    const fits = all.filter(({ source }) => (source === from.source) !== crossing);
    // The cube of an even number favours the first ones.
    const to = fits[Math.floor((next() / 2 ** 31) ** 3 * fits.length)];
    made.push(key(made.length, from, to, crossing || next() % 4 === 0, next));
  }
  for (const one of made) relate(one, all);
  return {
    version: '0.0.0', revision: 'large', tables: all, keys: made,
    sources: names.map((name, index) => ({ name, kind: ['postgres', 'mysql', 'sqlite'][index % 3], state: 'up', read_only: false })),
  };
}

function table(source, index, next) {
  const name = `${NOUNS[index % NOUNS.length]}${KINDS[Math.floor(index / NOUNS.length) % KINDS.length]}`;
  const plain = Array.from({ length: 3 + next() % 9 }, (_, at) => column(`field_${at + 1}`, 'text'));
  return {
    id: `${source}.${name}`, source, name, view: next() % 25 === 0, read_only: false, rows: next() % 1_000_000, primary_key: ['id'], unique: [], label: null,
    columns: [column('id', 'bigint'), ...plain], relationships: [], graphql: null,
  };
}

const column = (name, type) =>
  ({ name, type, db_type: type, values: null, nullable: true, has_default: false, generated: false, indexed: true, graphql: null });

function key(index, from, to, virtual, next) {
  const name = `${to.name}_id_${index}`;
  const path = next() % 8 === 0;
  from.columns.push(column(path ? `doc_${index}` : name, path ? 'json' : 'bigint'));
  return {
    id: `key${index}`, name, inverse: `${from.name}_${index}`, virtual,
    referencing: { table: from.id, columns: [path ? `doc_${index}[].${to.name}` : name] }, referenced: { table: to.id, columns: ['id'] },
    class: ['int'], when: {}, unique: 'declared', on_delete: next() % 5 === 0 ? 'cascade' : 'restrict', on_update: 'cascade', enforce: 'always',
    entry: virtual ? `foreign_key/${index}` : null,
  };
}

function relate({ id, name, inverse, referencing, referenced }, all) {
  const of = (table) => all.find((one) => one.id === table);
  of(referencing.table).relationships.push({
    name, kind: 'belongs_to', many: false, target: referenced.table, columns: referencing.columns, target_columns: ['id'], key: id, through: null, graphql: null,
  });
  of(referenced.table).relationships.push({
    name: inverse, kind: 'has_many', many: true, target: referencing.table, columns: ['id'], target_columns: referencing.columns, key: id, through: null, graphql: null,
  });
}

// Mulberry32: small, and its low bits are as good as its high ones.
function numbers() {
  let state = 7;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 1;
  };
}
