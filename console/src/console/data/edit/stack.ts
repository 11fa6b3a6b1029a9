// The stack of forms: a picker puts a new row's form on top of its own, and gets the row when that one is closed.
import { createContext, useContext } from 'react';
import type { JsonObject, Table } from '../../api/types';

/** What a form is for. */
export type Aim =
  | { does: 'create'; table: Table; preset: JsonObject }
  | { does: 'edit'; table: Table; id: string[] };

export interface Stack {
  /** Opens a form on top; resolves to its row, or null where it is given up. */
  push(aim: Aim): Promise<JsonObject | null>;
}

export const StackContext = createContext<Stack | null>(null);

export function useStack(): Stack {
  const stack = useContext(StackContext);
  if (!stack) throw new Error('forms stand in a stack');
  return stack;
}

export const titleOfAim = (aim: Aim) => (aim.does === 'create' ? `New ${aim.table.id}` : `Edit ${aim.table.id} ${aim.id.join(', ')}`);
