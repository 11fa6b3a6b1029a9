// What a form holds: its fields, what of them is changed, and what is wrong with them.
import { useCallback, useMemo, useState } from 'react';
import type { Column, Json, JsonObject } from '../../api/types';
import { without, type Faults } from './faults';
import { begin, hold, read, same, type Held } from './held';
import { escaped } from './references';
import type { Aim } from './stack';

export interface Draft {
  held: Record<string, Held>;
  initial: Record<string, Held>;
  faults: Faults;
  /** Names of the columns that are not as they were. */
  changed: string[];
  /** The row as it would be, as far as its fields can be read. */
  row: JsonObject;
  set: (changes: Record<string, Held>, at?: string) => void;
  setFaults: (faults: Faults) => void;
  /** What is to be sent, or what is wrong. */
  collect: () => { record: JsonObject } | { faults: Faults };
}

export function useDraft(aim: Aim, row: JsonObject): Draft {
  const { columns } = aim.table;
  const creating = aim.does === 'create';
  const initial = useMemo(() => Object.fromEntries(columns.map((column) => [column.name, first(aim, row, column)])), [aim, row, columns]);
  const [held, setHeld] = useState(initial);
  const [faults, setFaults] = useState<Faults>({});

  const set = useCallback((changes: Record<string, Held>, at?: string) => {
    setHeld((held) => ({ ...held, ...changes }));
    setFaults((faults) => Object.keys(changes).reduce((left, name) => without(left, at ?? `/${escaped(name)}`), faults));
  }, []);
  const changed = useMemo(() => columns.map(({ name }) => name).filter((name) => !same(held[name], initial[name])), [columns, held, initial]);
  const current = useMemo(() => rowOf(columns, held), [columns, held]);

  const collect = () => {
    const record: JsonObject = {};
    const faults: Faults = {};
    for (const column of columns) {
      const one = held[column.name]!;
      if (column.generated || (!creating && !changed.includes(column.name))) continue;
      const value = read(column, one);
      if (!value.ok) faults[`/${escaped(column.name)}`] = value.fault;
      else if (value.value !== undefined) record[column.name] = value.value;
      else if (!column.nullable && !column.has_default) faults[`/${escaped(column.name)}`] = 'a value is needed';
    }
    return Object.keys(faults).length ? { faults } : { record };
  };
  return { held, initial, faults, changed, row: current, set, setFaults, collect };
}

function first(aim: Aim, row: JsonObject, column: Column): Held {
  if (aim.does === 'edit') return hold(column, row[column.name] ?? null);
  const preset: Json | undefined = aim.preset[column.name];
  return preset === undefined ? begin(column) : hold(column, preset);
}

function rowOf(columns: Column[], held: Record<string, Held>): JsonObject {
  const row: JsonObject = {};
  for (const column of columns) {
    const value = read(column, held[column.name]!);
    if (value.ok && value.value !== undefined) row[column.name] = value.value;
  }
  return row;
}
