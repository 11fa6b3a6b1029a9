// The type of a column: everywhere in the server's words, which are the same for all kinds of databases.
import type { Column } from '../api/types';

type Typed = Pick<Column, 'type' | 'db_type'>;

/** Where the server has no word for it, the database's. */
export const typeOf = ({ type, db_type: own }: Typed) => (type === 'other' ? own.toLowerCase() : type);

/** With the database's word, where that is another one. */
export const fullTypeOf = (column: Typed) =>
  (column.db_type.toLowerCase() === typeOf(column) ? typeOf(column) : `${typeOf(column)}, ${column.db_type} in the database`);

export const ColumnType = ({ column }: { column: Typed }) => <span title={fullTypeOf(column)}>{typeOf(column)}</span>;
