// How much is drawn at which zoom: who sees the whole map needs names, who comes near wants columns.
import { createContext, useContext, useDeferredValue, type ReactNode } from 'react';
import { useStore, type ReactFlowState } from '@xyflow/react';

/** `near`: everything; `middle`: columns go; `far`: marks go too, and lines are thicker; `dots`: tables are but colours, and sources have names. */
export type Level = 'near' | 'middle' | 'far' | 'dots';

export const levelOf = (zoom: number): Level => (zoom >= 0.5 ? 'near' : zoom >= 0.25 ? 'middle' : zoom >= 0.15 ? 'far' : 'dots');

const read = ({ transform }: ReactFlowState) => levelOf(transform[2]);

const LevelContext = createContext<Level>('near');

/** The level follows the zoom, but hundreds of tables are drawn anew between frames and not within one. */
export function LevelProvider({ children }: { children: ReactNode }) {
  const level = useDeferredValue(useStore(read));
  return <LevelContext.Provider value={level}>{children}</LevelContext.Provider>;
}

export const useLevel = () => useContext(LevelContext);
