// What is pointed at, and what therefore stays while the rest is dimmed. Kept outside of React's state: a table draws itself anew only
// when its own part changes, however many others there are.
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { MapModel } from './model';

/** A table or a key. */
export type Spot = { table: string } | { key: string } | null;

interface Lit { tables: ReadonlySet<string>; keys: readonly string[] }

const NOTHING: Lit = { tables: new Set(), keys: [] };

export class Focus {
  #model: MapModel = { sources: [], tables: [], keys: [] };
  #hovered: Spot = null;
  #picked: Spot = null;
  #cursor: string | null = null;
  #lit = NOTHING;
  #spot: Spot = null;
  #listeners = new Set<() => void>();

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  };

  lit = () => this.#lit;
  /** The table that is pointed at, by whatever means. */
  table = () => (this.#spot && 'table' in this.#spot ? this.#spot.table : null);
  cursor = () => this.#cursor;

  /** As classes of a table's element. */
  classOf = (id: string) => [
    this.#lit.tables.has(id) && 'lit', this.#cursor === id && 'cursor', this.#picked && 'table' in this.#picked && this.#picked.table === id && 'picked',
  ].filter(Boolean).join(' ');

  endsOf = (key: string) => this.#model.keys.filter(({ id }) => id === key).flatMap(({ from, to }) => [from, to]);

  show(model: MapModel) { this.#model = model; this.#tell(); }
  hover(spot: Spot) { this.#hovered = spot; this.#tell(); }
  pick(spot: Spot) { this.#picked = spot; this.#tell(); }

  /** The table that the keyboard is at. */
  moveTo(table: string | null) { this.#cursor = table; this.#tell(); }

  #tell() {
    this.#spot = this.#hovered ?? (this.#cursor ? { table: this.#cursor } : this.#picked);
    this.#lit = this.#spot ? around(this.#model, this.#spot) : NOTHING;
    for (const listener of this.#listeners) listener();
  }
}

function around({ tables, keys }: MapModel, spot: NonNullable<Spot>): Lit {
  const near = keys.filter(({ id, from, to }) => ('key' in spot ? id === spot.key : from === spot.table || to === spot.table));
  const lit = new Set(near.flatMap(({ from, to }) => [from, to]));
  if ('table' in spot && tables.some(({ id }) => id === spot.table)) lit.add(spot.table);
  return lit.size ? { tables: lit, keys: near.map(({ id }) => id) } : NOTHING;
}

export const FocusContext = createContext(new Focus());

export function useFocus<T>(read: (focus: Focus) => T): T {
  const focus = useContext(FocusContext);
  return useSyncExternalStore(focus.subscribe, () => read(focus));
}
