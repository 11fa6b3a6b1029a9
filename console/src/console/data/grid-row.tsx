// A row of the grid, and below it the rows of a relationship that is unfolded.
import { memo } from 'react';
import { IconChevronDown, IconChevronRight, IconExternalLink } from '@tabler/icons-react';
import type { Catalog, Relationship, Table } from '../api/types';
import { tableOf } from '../api/queries';
import { links } from '../links';
import { References } from './reference';
import { RelatedRows } from './related-rows';
import type { Field } from './fields';
import { followed } from './follow';
import { Go } from './go';
import { labelOf, textOf, toldId, type Row } from './rows';
import { onwards, type Stop } from './trail';
import { Value } from './value';
import classes from './data.module.css';

interface Props {
  catalog: Catalog;
  table: Table;
  fields: Field[];
  row: Row;
  at: number;
  trail: Stop[];
  /** The cell that can be tabbed to, or -1. */
  active: number;
  selected: boolean;
  onSelect?: (rows: Row[], selected: boolean) => void;
  /** The relationship that is unfolded. */
  opened?: string;
  /** The key is shown, and leads to the row. */
  keyed: boolean;
  numeric: ReadonlySet<string>;
  onToggle: (row: Row, relationship: string) => void;
}

export const GridRow = memo(function GridRow(props: Props) {
  const { catalog, table, fields, row, at, trail, active, selected, onSelect, opened, keyed, numeric } = props;
  const label = labelOf(table, row);
  const relationship = opened === undefined ? undefined : table.relationships.find(({ name }) => name === opened);
  return (
    <>
      <tr aria-selected={onSelect ? selected : undefined}>
        <td className={classes.lead} data-at={`${at},0`} tabIndex={active === 0 ? 0 : -1}>
          <span className={classes.cell}>
            {onSelect && row.id && <input type="checkbox" aria-label={`Select ${label}${row.id.join() === label ? '' : ` (${row.id.join()})`}`}
              checked={selected} tabIndex={active === 0 ? 0 : -1}
              onChange={() => onSelect([row], !selected)} />}
            {row.id && !keyed && (
              <Go to={links.row(table, row.id)} trail={trail} tabIndex={active === 0 ? 0 : -1} aria-label={`Open ${label}`}
                title="Open the row"><IconExternalLink size={14} aria-hidden /></Go>
            )}
          </span>
        </td>
        {fields.map((field, column) => (
          <td key={field.id} data-at={`${at},${column + 1}`} tabIndex={active === column + 1 ? 0 : -1}
            className={numeric.has(field.id) ? classes.number : undefined}>
            <Content {...props} field={field} tabIndex={active === column + 1 ? 0 : -1} label={label} />
          </td>
        ))}
      </tr>
      {relationship && (
        <tr>
          <td className={classes.more} colSpan={fields.length + 1}>
            <div className={classes.unfolded}>
              <RelatedRows catalog={catalog} table={table} row={row} relationship={relationship} trail={trail} label={`${table.name} ${label}`} />
            </div>
          </td>
        </tr>
      )}
    </>
  );
});

interface ContentProps extends Props { field: Field; tabIndex: number; label: string }

function Content({ catalog, table, field, row, trail, tabIndex, label, opened, numeric, onToggle }: ContentProps) {
  const stop = { label: `${table.name} ${label}`, to: row.id ? links.row(table, row.id) : links.rows(table) };
  if (field.kind === 'column') {
    const { column, references } = field;
    const value = <Value column={column} value={row.values[column.name]} tabIndex={tabIndex} />;
    const own = table.primary_key.includes(column.name) && row.id && !references.length;
    if (own) return <Go to={links.row(table, row.id!)} trail={trail} tabIndex={tabIndex}>{toldId(textOf(row.values[column.name]))}</Go>;
    if (numeric.has(field.id)) return value;
    return (
      <span className={classes.cell}>
        {references.length ? <span className={`${classes.document} ${column.type === 'json' ? classes.json : ''}`}>{value}</span> : value}
        {references.map((one) => (
          <span key={one.name} className={classes.refs}>
            <References catalog={catalog} table={table} row={row} relationship={one} trail={trail} stop={stop} tabIndex={tabIndex} />
          </span>
        ))}
      </span>
    );
  }
  const { relationship } = field;
  const related = row.related[relationship.name];
  if (!related) return <span className={classes.quiet} title="not read">…</span>;
  if ('rows' in related) {
    return related.rows.length
      ? <span className={classes.cell}><References {...{ catalog, table, row, relationship, trail, stop, tabIndex }} /></span>
      : <span className={classes.quiet}>–</span>;
  }
  return (
    <Count {...{ catalog, table, row, relationship, trail, stop, tabIndex, label }} count={related.count}
      opened={opened === relationship.name} onToggle={() => onToggle(row, relationship.name)} />
  );
}

interface CountProps {
  catalog: Catalog; table: Table; row: Row; relationship: Relationship; trail: Stop[]; stop: Omit<Stop, 'by'>; tabIndex: number; label: string;
  count: number; opened: boolean; onToggle: () => void;
}

function Count({ catalog, table, row, relationship, trail, stop, tabIndex, label, count, opened, onToggle }: CountProps) {
  const target = tableOf(catalog, relationship.target);
  if (!count) return <span className={classes.zero}>0</span>;
  const filter = followed(catalog, table, row, relationship);
  const Chevron = opened ? IconChevronDown : IconChevronRight;
  return (
    <span className={classes.cell}>
      {row.id && (
        <button type="button" className={classes.tiny} aria-expanded={opened} tabIndex={tabIndex} aria-label={`${relationship.name} of ${label}`}
          onClick={onToggle}>
          <Chevron size={14} aria-hidden />
        </button>
      )}
      {target && filter
        ? <Go to={links.rows(target, { filter })} trail={onwards(trail, { ...stop, by: relationship.name }).trail} tabIndex={tabIndex}
          className={classes.count}
          aria-label={`${count} ${relationship.name}`} title={`${count} rows of ${target.id}`}>{count}</Go>
        : <span className={classes.count}>{count}</span>}
    </span>
  );
}
