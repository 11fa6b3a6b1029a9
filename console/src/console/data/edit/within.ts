// What all parts of a document have to know of their form.
import { createContext, useContext } from 'react';
import type { Faults } from './faults';
import type { LeafReference } from './references';

export interface Within {
  /** The keys whose values stand in it. */
  leaves: LeafReference[];
  faults: Faults;
}

export const WithinContext = createContext<Within>({ leaves: [], faults: {} });

export const useWithin = () => useContext(WithinContext);
