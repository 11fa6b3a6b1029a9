// What a row holds, column by column, with the rows that it refers to.
import { Text } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import type { Catalog, Column, Relationship, Table } from '../api/types';
import { links } from '../links';
import { ColumnType } from '../parts/column-type';
import { beginningIn } from './fields';
import { References } from './reference';
import { orphansOf, type Row } from './rows';
import type { Stop } from './trail';
import { Value } from './value';
import classes from './data.module.css';

interface Props { catalog: Catalog; table: Table; row: Row; trail: Stop[]; label: string }

export function RowFields(props: Props) {
  return (
    <section aria-label="Fields">
      <table className={classes.facts}>
        <tbody>{props.table.columns.map((column) => <Fact key={column.name} {...props} column={column} />)}</tbody>
      </table>
    </section>
  );
}

function Fact({ catalog, table, row, trail, label, column }: Props & { column: Column }) {
  const stop = { label: `${table.name} ${label}`, to: links.row(table, row.id!) };
  const references = beginningIn(table, column);
  return (
    <tr>
      <th scope="row">
        {column.name}{table.primary_key.includes(column.name)
          && <IconKey size={12} aria-label="primary key" style={{ marginLeft: 4, opacity: 0.65 }} />}
        {' '}<Text size="xs" c="dimmed" span><ColumnType column={column} />{column.generated ? ', generated' : ''}</Text>
      </th>
      <td>
        <Value column={column} value={row.values[column.name]} whole />
        {references.filter((one) => leads(catalog, table, row, one)).map((one) => (
          <div key={one.name} className={classes.referred}>
            <Text size="xs" c="dimmed" span>{one.name}</Text>
            <References catalog={catalog} table={table} row={row} relationship={one} trail={trail} stop={stop} most={20} />
          </div>
        ))}
      </td>
    </tr>
  );
}

/** Whether there is something to tell of where a key leads. */
function leads(catalog: Catalog, table: Table, row: Row, relationship: Relationship): boolean {
  const related = row.related[relationship.name];
  return related !== undefined && 'rows' in related && (related.rows.length > 0 || orphansOf(catalog, table, row, relationship).length > 0);
}
