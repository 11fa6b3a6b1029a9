// Where the editor of rows is called from: `useEditor` opens it, and its promises tell how it was closed.
import { createContext, lazy, Suspense, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from 'react';
import type { JsonObject, Table } from '../../api/types';
import type { Aim } from './stack';

/** The caller asks anew for the rows that it shows, once it is told that something was written. */
export interface Editor {
  /** A new row, with `preset` filled in; resolves to the row as it was written, or null. */
  create(table: Table, preset?: JsonObject): Promise<JsonObject | null>;
  /** `id`: the values of the primary key as texts. */
  edit(table: Table, id: string[]): Promise<JsonObject | null>;
  /** Asks first, and shows what goes with the rows; whether they were deleted. */
  remove(table: Table, ids: string[][]): Promise<boolean>;
}

type Task =
  | { does: 'edit'; number: number; aim: Aim; done: (row: JsonObject | null) => void }
  | { does: 'remove'; number: number; table: Table; ids: string[][]; done: (removed: boolean) => void };

const Given = createContext<Editor | null>(null);

// Nobody who only reads waits for it.
const Drawer = lazy(async () => ({ default: (await import('./drawer')).EditorDrawer }));
const Remove = lazy(async () => ({ default: (await import('./remove')).RemoveDialog }));

export function EditorProvider({ children }: { children: ReactNode }) {
  const [task, setTask] = useState<Task | null>(null);
  const busy = useRef(false);
  const from = useRef<Element | null>(null);
  const open = useCallback((next: Task) => {
    // One at a time: what is under way may hold half a form.
    if (busy.current) return next.does === 'edit' ? next.done(null) : next.done(false);
    busy.current = true;
    from.current = document.activeElement;
    setTask(next);
  }, []);
  const close = (tell: () => void) => {
    busy.current = false;
    setTask(null);
    tell();
    // Back to what opened it, or, where that is gone, to the view.
    setTimeout(() => (from.current?.isConnected && from.current instanceof HTMLElement ? from.current : document.getElementById('main'))?.focus());
  };
  const editor = useMemo<Editor>(() => {
    const edit = (aim: Aim) => new Promise<JsonObject | null>((done) => open({ does: 'edit', number: number++, aim, done }));
    return {
      create: (table, preset = {}) => edit({ does: 'create', table, preset }),
      edit: (table, id) => edit({ does: 'edit', table, id }),
      remove: (table, ids) => new Promise((done) => open({ does: 'remove', number: number++, table, ids, done })),
    };
  }, [open]);
  return (
    <Given.Provider value={editor}>
      {children}
      <Suspense>
        {task?.does === 'edit' && <Drawer key={task.number} aim={task.aim} onClosed={(row) => close(() => task.done(row))} />}
        {task?.does === 'remove' && <Remove key={task.number} table={task.table} ids={task.ids} onClosed={(removed) => close(() => task.done(removed))} />}
      </Suspense>
    </Given.Provider>
  );
}

let number = 0;

export function useEditor(): Editor {
  const editor = useContext(Given);
  if (!editor) throw new Error('there is an EditorProvider around all that edits');
  return editor;
}
