// The nearest table in a direction, for the arrow keys.
import type { Box } from './geometry';

export type Direction = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown';

const TOWARDS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] } as const;

export const isDirection = (key: string): key is Direction => key in TOWARDS;

export function nearest(boxes: ReadonlyMap<string, Box>, from: string, direction: Direction): string | null {
  const here = middle(boxes.get(from)!);
  const [dx, dy] = TOWARDS[direction];
  let best: { id: string; distance: number } | null = null;
  for (const [id, box] of boxes) {
    const { x, y } = middle(box);
    const [along, across] = dx ? [(x - here.x) * dx, Math.abs(y - here.y)] : [(y - here.y) * dy, Math.abs(x - here.x)];
    if (id === from || along < 8) continue;
    // What lies straight ahead comes before what is near but aside.
    const distance = along + across * 2.5;
    if (!best || distance < best.distance) best = { id, distance };
  }
  return best?.id ?? null;
}

/** Tables as one reads: source by source, rows of about the same height from left to right. */
export function inReadingOrder(tables: { id: string; source: string }[], boxes: ReadonlyMap<string, Box>): string[] {
  const order = new Map<string, number>();
  for (const { source } of tables) if (!order.has(source)) order.set(source, order.size);
  return tables.filter(({ id }) => boxes.has(id)).sort((one, other) => {
    const [a, b] = [boxes.get(one.id)!, boxes.get(other.id)!];
    return order.get(one.source)! - order.get(other.source)! || Math.round(a.y / 60) - Math.round(b.y / 60) || a.x - b.x;
  }).map(({ id }) => id);
}

const middle = ({ x, y, width, height }: Box) => ({ x: x + width / 2, y: y + height / 2 });
