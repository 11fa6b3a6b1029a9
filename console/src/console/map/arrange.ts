// Where each table stands. Pure, and slow for large maps: `layout.worker.ts` calls it off the main thread.
//
// 1. Within a source, tables that keys connect are laid out in layers from left to right, the referenced to the right.
// 2. These groups are packed into the source's box.
// 3. The boxes are set in columns; of many ways to do so that one is taken which fits the screen and keeps keys short.
import { Graph, layout } from '@dagrejs/dagre';
import { grouped } from './grouped';
import { pack, type Size } from './pack';
import { place } from './place';

export interface Input {
  /** For a screen that is higher than wide. */
  tall: boolean;
  tables: { id: string; source: string; width: number; height: number }[];
  keys: { id: string; from: string; to: string }[];
}

export interface Point { x: number; y: number }

export interface Arranged {
  /** Each table's top left corner. */
  tables: Record<string, Point>;
  /** Where a key that skips layers passes between tables. */
  lanes: Record<string, Point[]>;
}

/** Around the tables of a source, and above them for its name. */
export const MARGIN = 14;
export const TITLE = 26;

interface Block extends Size, Arranged {}

export function arrange({ tall, tables, keys }: Input): Arranged {
  const bySource = grouped(tables, ({ source }) => source);
  const sourceOf = new Map(tables.map(({ id, source }) => [id, source]));
  const inner = grouped(keys, ({ from, to }) => (sourceOf.get(from) === sourceOf.get(to) ? sourceOf.get(from)! : ''));
  const boxes = [...bySource].map(([source, own]) => boxOf(own, inner.get(source) ?? [], tall));
  const corners = place(boxes, inner.get('') ?? [], tall);
  return merged(boxes, corners);
}

function boxOf(tables: Input['tables'], keys: Input['keys'], tall: boolean): Block {
  const blocks = components(tables, keys).map((part) => layered(part, keys));
  const { corners, width, height } = pack(blocks, 18, tall ? 0.8 : 1.5);
  const inside = merged(blocks, corners.map(({ x, y }) => ({ x: x + MARGIN, y: y + MARGIN + TITLE })));
  return { ...inside, width: width + MARGIN * 2, height: height + MARGIN * 2 + TITLE };
}

function layered(tables: Input['tables'], keys: Input['keys']): Block {
  if (tables.length === 1) return { width: tables[0]!.width, height: tables[0]!.height, tables: { [tables[0]!.id]: { x: 0, y: 0 } }, lanes: {} };
  const ids = new Set(tables.map(({ id }) => id));
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 16, ranksep: 80, edgesep: 10 });
  for (const { id, width, height } of tables) graph.setNode(id, { width, height });
  const between = keys.filter(({ from, to }) => from !== to && ids.has(from));
  for (const { id, from, to } of between) graph.setEdge(from, to, {}, id);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const corner = ({ id, width, height }: Input['tables'][number]) => {
    const { x, y } = graph.node(id) as Point;
    return [id, { x: x - width / 2, y: y - height / 2 }] as const;
  };
  const lane = ({ id, from, to }: Input['keys'][number]) => [id, lanesOf((graph.edge(from, to, id) as { points: Point[] }).points)] as const;
  return { width, height, tables: Object.fromEntries(tables.map(corner)), lanes: Object.fromEntries(between.map(lane).filter(([, points]) => points.length)) };
}

// Of dagre's points the first and last touch the tables; of those between, every second lies in a layer of tables.
const lanesOf = (points: Point[]) => points.slice(1, -1).filter((_, index) => index % 2 === 1);

/** Tables that keys connect, however far; the largest group first. */
function components(tables: Input['tables'], keys: Input['keys']): Input['tables'][] {
  const near = new Map<string, string[]>(tables.map(({ id }) => [id, []]));
  for (const { from, to } of keys) near.get(from)!.push(to), near.get(to)!.push(from);
  const byId = new Map(tables.map((table) => [table.id, table]));
  const parts: Input['tables'][] = [];
  for (const { id } of tables) {
    const found: Input['tables'] = [];
    const open = [id];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const table = byId.get(next);
      if (!table) continue;
      byId.delete(next);
      found.push(table);
      open.push(...near.get(next)!);
    }
    if (found.length) parts.push(found);
  }
  return parts.sort((one, other) => other.length - one.length);
}

function merged(blocks: Block[], corners: Point[]): Arranged {
  const all: Arranged = { tables: {}, lanes: {} };
  blocks.forEach(({ tables, lanes }, index) => {
    const by = corners[index]!;
    const moved = ({ x, y }: Point) => ({ x: x + by.x, y: y + by.y });
    for (const [id, at] of Object.entries(tables)) all.tables[id] = moved(at);
    for (const [id, points] of Object.entries(lanes)) all.lanes[id] = points.map(moved);
  });
  return all;
}
