// Sets the boxes of sources in columns: as large on the screen as may be, and with short keys from box to box.
import type { Input, Point } from './arrange';
import type { Size } from './pack';

/** Between boxes: enough for keys that bend, and for the names of sources when a large map is seen whole. */
const GAP = 52;
const GAP_PART = 0.02;
const WIDE = 1.75;
const TALL = 0.62;
/** So many sources are tried in every order; of more, orders are bettered by swaps. */
const FEW = 6;
const SWAPS = 1500;

interface Box extends Size { tables: Record<string, Point> }
interface Link { from: number; to: number; start: Point; end: Point }
interface Placed { corners: Point[]; cost: number }
interface Given { boxes: Box[]; links: Link[]; gap: number; shape: number }

export function place(boxes: Box[], keys: Input['keys'], tall: boolean): Point[] {
  const area = boxes.reduce((sum, { width, height }) => sum + width * height, 0);
  const given = { boxes, links: linksOf(boxes, keys), gap: Math.max(GAP, GAP_PART * Math.sqrt(area)), shape: tall ? TALL : WIDE };
  const indexes = boxes.map((_, index) => index);
  const orders = boxes.length <= FEW ? permutations(indexes) : [];
  let best = bestOf(given, indexes);
  for (const order of orders) {
    const one = bestOf(given, order);
    if (one.cost < best.cost) best = one;
  }
  return boxes.length <= FEW ? best.corners : bettered(given, indexes, best).corners;
}

function bettered(given: Given, order: number[], best: Placed): Placed {
  const next = numbers();
  for (let swap = 0; swap < SWAPS; swap += 1) {
    const [one, other] = [next() % order.length, next() % order.length];
    const tried = order.slice();
    [tried[one], tried[other]] = [tried[other]!, tried[one]!];
    const found = bestOf(given, tried);
    if (found.cost < best.cost) [best, order] = [found, tried];
  }
  return best;
}

// An order is cut into columns of each height that a column may have.
function bestOf(given: Given, order: number[]): Placed {
  const { boxes, gap } = given;
  const sum = boxes.reduce((all, { height }) => all + height + gap, 0);
  const tallest = Math.max(...boxes.map(({ height }) => height));
  let best: Placed | undefined;
  for (const part of [1, 1.5, 2, 2.5, 3, 4, 5, 6]) {
    const tried = columns(given, order, Math.max(tallest, sum / part));
    if (!best || tried.cost < best.cost) best = tried;
  }
  return best!;
}

function columns({ boxes, links, gap, shape }: Given, order: number[], limit: number): Placed {
  const corners: Point[] = boxes.map(() => ({ x: 0, y: 0 }));
  let [x, y, wide, high] = [0, 0, 0, 0];
  for (const index of order) {
    const { width, height } = boxes[index]!;
    if (y && y + height > limit) [x, y, wide] = [x + wide + gap, 0, 0];
    corners[index] = { x, y };
    y += height + gap;
    wide = Math.max(wide, width);
    high = Math.max(high, y - gap);
  }
  const across = Math.max((x + wide) / shape, high);
  return { corners, cost: across * across + lengthOf(links, corners) * across * 0.12 / Math.max(1, Math.sqrt(links.length)) };
}

// To go up or down costs more than to go sideways, where keys leave their tables.
const lengthOf = (links: Link[], corners: Point[]) => links.reduce((sum, { from, to, start, end }) => {
  const [a, b] = [corners[from]!, corners[to]!];
  return sum + Math.abs(b.x + end.x - a.x - start.x) + 1.3 * Math.abs(b.y + end.y - a.y - start.y);
}, 0);

function linksOf(boxes: Box[], keys: Input['keys']): Link[] {
  const at = new Map(boxes.flatMap(({ tables }, index) => Object.entries(tables).map(([id, point]) => [id, { index, point }] as const)));
  return keys.map(({ from, to }) => ({ from: at.get(from)!.index, to: at.get(to)!.index, start: at.get(from)!.point, end: at.get(to)!.point }));
}

function permutations(of: number[]): number[][] {
  if (of.length <= 1) return [of];
  return of.flatMap((first) => permutations(of.filter((one) => one !== first)).map((rest) => [first, ...rest]));
}

// The same numbers each time, so that a catalog always gets the same map.
function numbers() {
  let state = 42;
  return () => (state = (state * 1103515245 + 12345) % 2147483648);
}
