// Moves the view: to everything, to a table, or just far enough that a card does not cover what it is about.
import { useContext, useMemo, useRef } from 'react';
import { useReducedMotion } from '@mantine/hooks';
import { useReactFlow, useStoreApi } from '@xyflow/react';
import { FocusContext, type Spot } from './focus';
import { around, type Box } from './geometry';

export interface Camera {
  fit: (duration?: number) => void;
  zoom: (by: number) => void;
  centre: (spot: NonNullable<Spot>, duration?: number) => void;
  /** Centres only what is out of view or under the card. */
  uncover: (spot: NonNullable<Spot>) => void;
}

const SWIFT = 250;
const CARD = 336;
const MOST = 1.25;
/** On a phone the card takes this part of the height. */
const SHEET = 0.55;

export function useCamera(boxes: ReadonlyMap<string, Box>): Camera {
  const flow = useReactFlow();
  const store = useStoreApi();
  const still = useReducedMotion();
  const focus = useContext(FocusContext);
  const now = useRef(boxes);
  now.current = boxes;
  return useMemo(() => {
    const time = (duration: number) => (still ? 0 : duration);
    const screen = () => {
      const { width, height, domNode } = store.getState();
      if (!domNode?.closest('.map')?.querySelector('.map-card')) return { width, height };
      return width < 600 ? { width, height: height * (1 - SHEET) } : { width: width - CARD, height };
    };
    const boundsOf = (spot: NonNullable<Spot>): Box | null => {
      const ids = 'table' in spot ? [spot.table] : focus.endsOf(spot.key);
      const own = ids.map((id) => now.current.get(id)).filter((box) => box !== undefined);
      return own.length ? union(own) : null;
    };
    const centre: Camera['centre'] = (spot, duration = SWIFT) => {
      const box = boundsOf(spot);
      if (!box) return;
      const { width, height } = screen();
      const fits = Math.min((width - 60) / box.width, (height - 60) / box.height);
      const zoom = Math.min(fits, Math.max(0.9, Math.min(1.3, flow.getZoom())));
      const corner = { x: width / 2 - (box.x + box.width / 2) * zoom, y: height / 2 - (box.y + box.height / 2) * zoom };
      void flow.setViewport({ zoom, ...corner }, { duration: time(duration) });
    };
    return {
      centre,
      fit: (duration = SWIFT) => {
        const { x, y, width, height } = around([...now.current.values()]);
        const screen = store.getState();
        // Keys bend outside of the boxes of sources; the buttons stand at the left.
        const zoom = Math.min(MOST, (screen.width - 72) / (width + 40), (screen.height - 24) / height);
        const corner = { x: (screen.width + 32 - width * zoom) / 2 - x * zoom, y: (screen.height - height * zoom) / 2 - y * zoom };
        void flow.setViewport({ zoom, ...corner }, { duration: time(duration) });
      },
      zoom: (by) => void flow.zoomTo(flow.getZoom() * by, { duration: time(120) }),
      uncover: (spot) => {
        const box = boundsOf(spot);
        if (!box) return;
        const { x, y, zoom } = flow.getViewport();
        const [left, top] = [box.x * zoom + x, box.y * zoom + y];
        const { width, height } = screen();
        if (left < 0 || top < 0 || left + box.width * zoom > width || top + box.height * zoom > height) centre(spot);
      },
    };
  }, [flow, store, still, focus]);
}

function union(boxes: Box[]): Box {
  const [x, y] = [Math.min(...boxes.map((one) => one.x)), Math.min(...boxes.map((one) => one.y))];
  return { x, y, width: Math.max(...boxes.map((one) => one.x + one.width)) - x, height: Math.max(...boxes.map((one) => one.y + one.height)) - y };
}
