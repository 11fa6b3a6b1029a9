// The map by keyboard: arrows from table to table, and single keys for what the buttons do.
import { useContext, useEffect, useMemo, useRef, useState, type FocusEvent, type KeyboardEvent, type RefObject } from 'react';
import type { Camera } from './camera';
import { FocusContext, type Spot } from './focus';
import { toggleFullScreen } from './full-screen';
import type { Box } from './geometry';
import type { MapModel } from './model';
import { inReadingOrder, isDirection, nearest } from './nearest';
import { described } from './outline';

interface Given {
  model: MapModel;
  boxes: ReadonlyMap<string, Box>;
  picked: Spot;
  onPick: (spot: Spot) => void;
  onClose: () => void;
  camera: Camera;
  root: RefObject<HTMLDivElement>;
  stage: RefObject<HTMLDivElement>;
}

export function useKeyboard({ model, boxes, picked, onPick, onClose, camera, root, stage }: Given) {
  const focus = useContext(FocusContext);
  const [active, setActive] = useState<string | null>(null);
  const last = useRef<string | null>(null);
  const order = useMemo(() => inReadingOrder(model.tables, boxes), [model, boxes]);
  const start = () => [picked && 'table' in picked ? picked.table : null, last.current].find((id) => id !== null && boxes.has(id)) ?? order[0] ?? null;
  const moveTo = (table: string | null) => {
    setActive(table);
    focus.moveTo(table);
    if (table === null) return;
    last.current = table;
    camera.uncover({ table });
  };
  // Of the picked table the card says more than the map.
  const isPicked = picked && 'table' in picked && picked.table === active;
  useEffect(() => { if (active && picked && 'table' in picked && boxes.has(picked.table)) moveTo(picked.table); }, [picked]);

  useShortcuts({
    '+': () => camera.zoom(1.3), '=': () => camera.zoom(1.3), '-': () => camera.zoom(1 / 1.3), 0: () => camera.fit(),
    f: () => toggleFullScreen(root.current),
    '/': () => root.current?.querySelector<HTMLInputElement>('input[data-finder]')?.focus(),
    ...(picked && { Escape: onClose }),
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== stage.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const table = active && boxes.has(active) ? active : null;
    if (isDirection(event.key)) moveTo(table ? nearest(boxes, table, event.key) ?? table : start());
    else if (event.key === 'Home') moveTo(order[0] ?? null);
    else if (event.key === 'End') moveTo(order.at(-1) ?? null);
    else if (table && (event.key === 'Enter' || event.key === ' ')) {
      if (!isPicked) onPick({ table });
      // The card may be there only after the next drawing.
      requestAnimationFrame(() => requestAnimationFrame(() => root.current?.querySelector<HTMLElement>('.map-card h2')?.focus()));
    } else return;
    event.preventDefault();
  };
  const onFocus = ({ target }: FocusEvent) => { if (target === stage.current && target.matches(':focus-visible')) moveTo(start()); };
  const onBlur = ({ target }: FocusEvent) => { if (target === stage.current) moveTo(null); };
  const table = model.tables.find(({ id }) => id === active);
  return { onKeyDown, onFocus, onBlur, active: active ?? undefined, told: table ? described(table, model) : '' };
}

// Anywhere on the page, but not where one writes or in a dialog.
function useShortcuts(keys: Record<string, () => void>) {
  const now = useRef(keys);
  now.current = keys;
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      const target = event.target as Element;
      const act = now.current[event.key];
      if (!act || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target.closest('input, textarea, select, [contenteditable], [role=dialog], [role=menu]')) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}
