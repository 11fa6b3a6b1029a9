// What a row refers to, by the names of the rows; and keys that lead nowhere.
import { IconUnlink } from '@tabler/icons-react';
import type { Catalog, Relationship, Table } from '../api/types';
import { tableOf } from '../api/queries';
import { links } from '../links';
import { Go } from './go';
import { labelOf, orphansOf, textOf, type Row } from './rows';
import { onwards, type Stop } from './trail';
import classes from './data.module.css';

interface Props {
  catalog: Catalog;
  table: Table;
  row: Row;
  relationship: Relationship;
  trail: Stop[];
  /** What a link on to the rows remembers of here. */
  stop: Omit<Stop, 'by'>;
  tabIndex?: number;
  /** More than these are counted only. */
  most?: number;
}

export function References({ catalog, table, row, relationship, trail, stop, tabIndex, most = 3 }: Props) {
  const target = tableOf(catalog, relationship.target);
  const related = row.related[relationship.name];
  if (!target || !related || !('rows' in related)) return null;
  const orphans = orphansOf(catalog, table, row, relationship);
  const rows = distinct(related.rows);
  const way = onwards(trail, { ...stop, by: relationship.name });
  return (
    <>
      {rows.slice(0, most).map((one) => {
        const label = labelOf(target, one);
        const name = `${relationship.name}: ${target.name} ${label}`;
        return one.id
          ? <Go key={one.key} to={links.row(target, one.id)} trail={way.trail} tabIndex={tabIndex} title={name}
            onClick={(event) => event.stopPropagation()}><span aria-hidden>→ </span>{label}</Go>
          : <span key={one.key} title={name}>→ {label}</span>;
      })}
      {rows.length > most && <span className={classes.quiet}>+{rows.length - most}</span>}
      {orphans.length > 0 && <Orphan values={orphans.map(textOf)} relationship={relationship} />}
    </>
  );
}

const distinct = (rows: Row[]) => [...new Map(rows.map((row) => [row.key, row])).values()];

function Orphan({ values, relationship }: { values: string[]; relationship: Relationship }) {
  const what = [...new Set(values)].join(', ');
  return (
    <span className={classes.orphan} title={`${relationship.name}: ${relationship.target} has no row for ${what}`}>
      <IconUnlink size={12} aria-hidden />orphan{values.length > 1 ? ` ×${values.length}` : ''}
    </span>
  );
}
