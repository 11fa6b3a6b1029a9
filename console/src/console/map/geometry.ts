// The curves of keys and the boxes of sources, from where tables stand.
import { MARGIN, TITLE, type Point } from './arrange';
import type { MapKey, MapTable } from './model';

export interface Box { x: number; y: number; width: number; height: number }

export interface Curve {
  /** The line, as SVG draws it. */
  line: string;
  /** The arrow's head. */
  head: string;
  /** Where marks stand. */
  middle: Point;
}

const REACH = 8;

export function curveOf({ from, to, fromY, toY, fan }: MapKey, a: Box, b: Box, lanes: Point[] = []): Curve {
  const spread = fan * 7;
  const start = { x: 0, y: a.y + clamp(fromY, a.height) };
  const end = { x: 0, y: b.y + clamp(toY + (Math.abs(fan) > 0 ? spread : 0), b.height) };
  if (from === to) return loop(a, start.y, end.y, fan);
  const [right, left] = sidesOf(a, b);
  start.x = right > 0 ? a.x + a.width : a.x;
  end.x = left > 0 ? b.x + b.width : b.x;
  const tip = end.x + left * REACH;
  if (right === left) return bracket(start, end, tip, right, fan);
  if (lanes.length) return through(start, end, tip, right, lanes);
  const pull = Math.max(28, Math.abs(tip - start.x) * 0.45);
  const [c, d] = [{ x: start.x + right * pull, y: start.y + spread }, { x: tip + left * pull, y: end.y + spread }];
  return { line: `M${at(start)}C${at(c)} ${at(d)} ${at({ x: tip, y: end.y })}`, head: headOf(end, left), middle: bezier(start, c, d, { x: tip, y: end.y }) };
}

/** At which sides of its tables a key leaves and arrives: 1 is right, -1 left. */
function sidesOf(a: Box, b: Box): [1 | -1, 1 | -1] {
  if (a.x + a.width + 24 <= b.x) return [1, -1];
  if (b.x + b.width + 24 <= a.x) return [-1, 1];
  return a.x + a.width / 2 > b.x + b.width / 2 + 40 ? [-1, -1] : [1, 1];
}

// Tables above each other: out at one side and back in at the same.
function bracket(start: Point, end: Point, tip: number, side: 1 | -1, fan: number): Curve {
  const outer = side > 0 ? Math.max(start.x, tip) : Math.min(start.x, tip);
  const x = outer + side * (26 + Math.abs(fan) * 12 + Math.min(40, Math.abs(end.y - start.y) * 0.06));
  const [c, d, e] = [{ x, y: start.y }, { x, y: end.y }, { x: tip, y: end.y }];
  return { line: `M${at(start)}C${at(c)} ${at(d)} ${at(e)}`, head: headOf(end, side), middle: bezier(start, c, d, e) };
}

function loop(a: Box, fromY: number, toY: number, fan: number): Curve {
  const right = a.x + a.width;
  const endY = Math.abs(toY - fromY) < 12 ? fromY - 12 : toY;
  const x = right + 34 + Math.abs(fan) * 10;
  const [start, end] = [{ x: right, y: fromY }, { x: right, y: endY }];
  const [c, d, e] = [{ x, y: fromY + 6 }, { x, y: endY - 6 }, { x: right + REACH, y: endY }];
  return { line: `M${at(start)}C${at(c)} ${at(d)} ${at(e)}`, head: headOf(end, 1), middle: bezier(start, c, d, e) };
}

// Level through each lane, so that no table of that layer is crossed.
function through(start: Point, end: Point, tip: number, side: 1 | -1, lanes: Point[]): Curve {
  const half = 70;
  const stops = lanes.flatMap(({ x, y }) => [{ x: x - side * half, y }, { x: x + side * half, y }]);
  const points = [start, ...stops, { x: tip, y: end.y }];
  const parts = points.slice(1).map((point, index) => {
    const last = points[index]!;
    const pull = ((point.x - last.x) || 1) * 0.5;
    return point.y === last.y ? `L${at(point)}` : `C${at({ x: last.x + pull, y: last.y })} ${at({ x: point.x - pull, y: point.y })} ${at(point)}`;
  });
  return { line: `M${at(start)}${parts.join('')}`, head: headOf(end, side > 0 ? -1 : 1), middle: lanes[Math.floor(lanes.length / 2)]! };
}

const headOf = ({ x, y }: Point, side: 1 | -1) => `M${at({ x, y })}l${side * 9} -4.5v9z`;

const clamp = (y: number, height: number) => Math.max(8, Math.min(height - 6, y));

const at = ({ x, y }: Point) => `${round(x)},${round(y)}`;
const round = (number: number) => Math.round(number * 10) / 10;

const bezier = (a: Point, b: Point, c: Point, d: Point): Point => ({ x: (a.x + 3 * b.x + 3 * c.x + d.x) / 8, y: (a.y + 3 * b.y + 3 * c.y + d.y) / 8 });

/** A source's box, around where its tables stand. */
export function around(tables: Box[]): Box {
  const [x, y] = [Math.min(...tables.map((one) => one.x)) - MARGIN, Math.min(...tables.map((one) => one.y)) - MARGIN - TITLE];
  const [right, low] = [Math.max(...tables.map((one) => one.x + one.width)) + MARGIN, Math.max(...tables.map((one) => one.y + one.height)) + MARGIN];
  return { x, y, width: right - x, height: low - y };
}

export const boxOf = ({ width, height }: MapTable, { x, y }: Point): Box => ({ x, y, width, height });
