// Moving within a grid by keys: one cell at a time can be tabbed to, and what it holds.
import { useCallback, useState, type FocusEvent, type KeyboardEvent, type RefObject } from 'react';

/** Row -1 are the headers. */
export interface Cell { row: number; column: number }

const PAGE = 10;

export function useRoving(box: RefObject<HTMLElement | null>, rows: number, columns: number, act: (row: number, key: 'Enter' | ' ') => void) {
  const [last, setLast] = useState<Cell>({ row: 0, column: 0 });
  const active = { row: Math.min(last.row, rows - 1), column: Math.min(last.column, columns - 1) };

  const onFocus = useCallback((event: FocusEvent) => {
    const cell = cellOf(event.target);
    if (cell) setLast((before) => (before.row === cell.row && before.column === cell.column ? before : cell));
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    const from = cellOf(event.target);
    if (!from || event.altKey || event.metaKey) return;
    const element = event.target as HTMLElement;
    const self = element.hasAttribute('data-at');
    if (self && from.row >= 0 && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      act(from.row, event.key);
      return;
    }
    // Back from a link or button to its cell.
    const to = event.key === 'Escape' && !self ? from : moved(from, event.key, event.ctrlKey, rows, columns);
    const next = to && box.current?.querySelector<HTMLElement>(`[data-at="${to.row},${to.column}"]`);
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  };
  return { active, handlers: { onFocus, onKeyDown } };
}

function cellOf(target: EventTarget): Cell | null {
  const at = target instanceof HTMLElement ? target.closest('[data-at]')?.getAttribute('data-at') : null;
  if (!at) return null;
  const [row, column] = at.split(',').map(Number);
  return { row: row!, column: column! };
}

function moved({ row, column }: Cell, key: string, far: boolean, rows: number, columns: number): Cell | null {
  const within = (to: Cell): Cell => ({ row: Math.max(-1, Math.min(rows - 1, to.row)), column: Math.max(0, Math.min(columns - 1, to.column)) });
  switch (key) {
    case 'ArrowUp': return within({ row: row - 1, column });
    case 'ArrowDown': return within({ row: row + 1, column });
    case 'ArrowLeft': return within({ row, column: column - 1 });
    case 'ArrowRight': return within({ row, column: column + 1 });
    case 'Home': return within({ row: far ? 0 : row, column: 0 });
    case 'End': return within({ row: far ? rows - 1 : row, column: columns - 1 });
    case 'PageUp': return within({ row: Math.max(0, row - PAGE), column });
    case 'PageDown': return within({ row: row + PAGE, column });
    default: return null;
  }
}
