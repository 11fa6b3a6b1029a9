// The rows of a page as a grid: one tab stop, arrow keys from cell to cell, Enter for the row.
import { useCallback, useMemo, useRef, useState } from 'react';
import {
  columnOrderingFeature, columnResizingFeature, columnSizingFeature, columnVisibilityFeature, tableFeatures, useTable,
} from '@tanstack/react-table';
import type { Catalog, Table } from '../api/types';
import { fieldsOf, shownFields, type Field } from './fields';
import { GridHead } from './grid-head';
import { GridRow } from './grid-row';
import { useRoving } from './roving';
import { isNumeric, type Row } from './rows';
import type { ViewState } from './state';
import type { Stop } from './trail';
import { widthsOf } from './widths';
import classes from './data.module.css';

const features = tableFeatures({ columnOrderingFeature, columnResizingFeature, columnSizingFeature, columnVisibilityFeature });

interface Props {
  catalog: Catalog;
  table: Table;
  state: ViewState;
  change: (change: Partial<ViewState>) => void;
  rows: Row[];
  total: number | null;
  stale: boolean;
  trail: Stop[];
  selected: ReadonlySet<string>;
  /** Absent where rows are not selected. */
  onSelect?: (rows: Row[], selected: boolean) => void;
  onOpen: (row: Row) => void;
}

export function Grid({ catalog, table, state, change, rows, total, stale, trail, selected, onSelect, onOpen }: Props) {
  const [opened, setOpened] = useState<Record<string, string>>({});
  const widths = useFirstWidths(table, rows);
  const columns = useMemo(() => fieldsOf(table).map((field) =>
    ({ id: field.id, size: widths[field.id] ?? 140, minSize: 56, maxSize: 900 })), [table, widths]);
  const shown = useMemo(() => shownFields(table, state), [table, state]);
  const visible = useMemo(() => Object.fromEntries(columns.map(({ id }) => [id, shown.some((field) => field.id === id)])), [columns, shown]);
  const order = useMemo(() => shown.map(({ id }) => id), [shown]);
  const grid = useTable({
    features, columns, data: rows, getRowId: (row) => row.key, columnResizeMode: 'onChange',
    state: { columnVisibility: visible, columnOrder: order },
  });
  const headers = grid.getHeaderGroups()[0]?.headers ?? [];
  const box = useRef<HTMLTableElement>(null);
  const act = useCallback((at: number, key: 'Enter' | ' ') => {
    const row = rows[at];
    if (!row) return;
    if (key === 'Enter') onOpen(row);
    else onSelect?.([row], !selected.has(row.key));
  }, [rows, onOpen, onSelect, selected]);
  const roving = useRoving(box, rows.length, headers.length + 1, act);
  const toggle = useCallback((row: Row, relationship: string) => setOpened(({ [row.key]: before, ...others }) => (
    before === relationship ? others : { ...others, [row.key]: relationship })), []);
  const numeric = useMemo(() => numericOf(fieldsOf(table), rows), [table, rows]);
  // Where the key is not shown, there is a link to the row before all.
  const keyed = shown.some(({ id }) => table.primary_key.includes(id));
  const lead = (onSelect ? 32 : 8) + (keyed ? 0 : 26);
  return (
    <table ref={box} role="grid" aria-label={`Rows of ${table.id}`} aria-rowcount={total === null ? -1 : total + 1}
      aria-multiselectable={onSelect ? true : undefined}
      className={`${classes.grid} ${stale ? classes.stale : ''}`} style={{ width: lead + grid.getTotalSize() }} {...roving.handlers}>
      <colgroup><col style={{ width: lead }} />{headers.map(({ id, column }) => <col key={id} style={{ width: column.getSize() }} />)}</colgroup>
      <GridHead headers={headers.map((header, at) => ({ id: header.id, field: shown[at]!, onResize: header.getResizeHandler() }))} table={table}
        state={state} change={change}
        active={roving.active.row === -1 ? roving.active.column : -1} numeric={numeric} rows={rows} selected={selected} onSelect={onSelect} />
      <tbody>
        {rows.map((row, at) => (
          <GridRow key={row.key} catalog={catalog} table={table} fields={shown} row={row} at={at} trail={trail}
            active={roving.active.row === at ? roving.active.column : -1} selected={selected.has(row.key)} onSelect={onSelect}
            opened={opened[row.key]} onToggle={toggle} keyed={keyed} numeric={numeric} />
        ))}
      </tbody>
    </table>
  );
}

const numericOf = (fields: Field[], rows: Row[]): ReadonlySet<string> =>
  new Set(fields.flatMap((field) => (field.kind === 'column' && !field.references.length && isNumeric(field.column, rows) ? [field.id] : [])));

/** Of the first page only: columns keep their widths while one pages on. */
function useFirstWidths(table: Table, rows: Row[]): Record<string, number> {
  const kept = useRef<{ table: Table; widths: Record<string, number> } | null>(null);
  if (kept.current?.table.id !== table.id || !Object.keys(kept.current.widths).length) {
    kept.current = { table, widths: rows.length ? widthsOf(table, rows) : {} };
  }
  return kept.current.widths;
}
