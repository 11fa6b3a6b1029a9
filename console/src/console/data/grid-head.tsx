// The grid's headers: a click sorts, with Shift by one column more.
import type { MouseEvent } from 'react';
import { IconArrowNarrowDown, IconArrowNarrowUp, IconArrowRight, IconArrowsLeftRight, IconKey } from '@tabler/icons-react';
import type { Table } from '../api/types';
import { fullTypeOf } from '../parts/column-type';
import type { Field } from './fields';
import type { Row } from './rows';
import type { Order, ViewState } from './state';
import classes from './data.module.css';

interface Head { id: string; field: Field; onResize: (event: unknown) => void }

interface Props {
  headers: Head[];
  table: Table;
  state: ViewState;
  change: (change: Partial<ViewState>) => void;
  /** The column that can be tabbed to. */
  active: number;
  /** Columns that read from the right. */
  numeric: ReadonlySet<string>;
  rows: Row[];
  selected: ReadonlySet<string>;
  onSelect?: (rows: Row[], selected: boolean) => void;
}

export function GridHead({ headers, table, state, change, active, numeric, rows, selected, onSelect }: Props) {
  return (
    <thead>
      <tr>
        <Lead active={active === 0} rows={rows} selected={selected} onSelect={onSelect} />
        {headers.map(({ id, field, onResize }, at) => (
          <Header key={id} field={field} table={table} order={state.order} at={at + 1} active={active === at + 1} onResize={onResize}
            numeric={numeric.has(id)} onSort={(event, path) => change({ order: sorted(state.order, path, event.shiftKey) })} />
        ))}
      </tr>
    </thead>
  );
}

function Lead({ active, rows, selected, onSelect }: Pick<Props, 'rows' | 'selected' | 'onSelect'> & { active: boolean }) {
  const all = rows.length > 0 && rows.every(({ key }) => selected.has(key));
  const some = rows.some(({ key }) => selected.has(key));
  return (
    <th className={classes.lead} data-at={onSelect ? undefined : '-1,0'} tabIndex={onSelect ? undefined : active ? 0 : -1} aria-label="Row"
      scope="col">
      {onSelect && (
        <input type="checkbox" data-at="-1,0" tabIndex={active ? 0 : -1} style={{ margin: '0 0 0 9px', verticalAlign: 'middle' }}
          aria-label="Select all rows of the page"
          checked={all} ref={(box) => { if (box) box.indeterminate = some && !all; }} onChange={() => onSelect(rows, !all)} />
      )}
    </th>
  );
}

interface HeaderProps {
  field: Field;
  table: Table;
  order: Order[];
  at: number;
  active: boolean;
  numeric: boolean;
  onResize: (event: unknown) => void;
  onSort: (event: MouseEvent, path: string[]) => void;
}

function Header({ field, table, order, at, active, numeric, onResize, onSort }: HeaderProps) {
  const name = field.kind === 'column' ? field.column.name : field.relationship.name;
  const path = field.kind === 'column' ? [name] : null;
  const place = order.findIndex((one) => path && one.path.length === 1 && one.path[0] === name);
  const by = order[place];
  const sortable = field.kind === 'column' && !['json', 'bytes'].includes(field.column.type);
  const focus = { 'data-at': `-1,${at}`, tabIndex: active ? 0 : -1 };
  const text = <><span>{name}</span><Marks field={field} table={table} /></>;
  return (
    <th scope="col" aria-sort={by ? (by.descending ? 'descending' : 'ascending') : sortable ? 'none' : undefined} title={about(field)}
      className={numeric ? classes.number : undefined}>
      {sortable
        ? (
          <button type="button" className={classes.head} onClick={(event) => onSort(event, path!)} {...focus}>
            {text}
            {by && (by.descending ? <IconArrowNarrowDown size={14} aria-hidden /> : <IconArrowNarrowUp size={14} aria-hidden />)}
            {by && order.length > 1 && <span className={classes.quiet}>{place + 1}</span>}
          </button>
        )
        : <div className={classes.head} {...focus}>{text}</div>}
      <div className={classes.grip} onMouseDown={onResize} onTouchStart={onResize} aria-hidden />
    </th>
  );
}

function Marks({ field, table }: { field: Field; table: Table }) {
  const style = { flex: 'none', opacity: 0.65 };
  if (field.kind === 'relationship') {
    return field.relationship.kind === 'many_many' ? <IconArrowsLeftRight size={13} aria-hidden style={style} /> : null;
  }
  return (
    <>
      {table.primary_key.includes(field.column.name) && <IconKey size={12} aria-hidden style={style} />}
      {field.references.length > 0 && <IconArrowRight size={12} aria-hidden style={style} />}
    </>
  );
}

function about(field: Field): string {
  if (field.kind === 'relationship') return `${field.relationship.name}: ${field.relationship.kind.replace('_', ' ')} ${field.relationship.target}`;
  const { column, references } = field;
  return [`${column.name}: ${fullTypeOf(column)}`, ...references.map(({ name, target }) => `${name} → ${target}`)].join('\n');
}

/** Ascending, descending, not at all. */
function sorted(order: Order[], path: string[], more: boolean): Order[] {
  const same = (one: Order) => one.path.length === 1 && one.path[0] === path[0];
  const before = order.find(same);
  const next: Order[] = before?.descending ? [] : [{ path, descending: Boolean(before) }];
  if (!more) return next;
  return before ? order.flatMap((one) => (same(one) ? next : [one])) : [...order, ...next];
}
