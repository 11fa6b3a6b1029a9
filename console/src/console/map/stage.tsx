// Where the map is drawn, panned and zoomed. Only tables that are in view are in the document.
import { useCallback, useContext, useEffect, useMemo, useRef, useState, type RefObject } from 'react';
import { useComputedColorScheme, VisuallyHidden } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { applyNodeChanges, Background, MiniMap, ReactFlow, type Edge, type NodeChange } from '@xyflow/react';
import type { Source } from '../api/types';
import { sourceColour } from '../theme';
import { FocusContext, type Spot } from './focus';
import type { Point } from './arrange';
import type { Box } from './geometry';
import { KeyLayer } from './key-layer';
import { useKeyboard } from './keyboard';
import { TableNode, nodeId, type TableNodeType } from './table-node';
import { useCamera } from './camera';
import type { Layout } from './use-layout';
import { ZoomButtons } from './zoom-buttons';

const TYPES = { table: TableNode };
const EDGES: Edge[] = [];
/** What of React Flow an editor needs and a map does not. */
const PLAIN = {
  nodesConnectable: false, nodesFocusable: false, elementsSelectable: false, disableKeyboardA11y: true, zoomOnDoubleClick: false,
  deleteKeyCode: null, selectionKeyCode: null, multiSelectionKeyCode: null, panActivationKeyCode: null, zoomActivationKeyCode: null,
};
/** From so many tables on a small map of the whole helps. */
const MANY = 40;

interface Props {
  layout: Layout;
  sources: Source[];
  orphans: ReadonlyMap<string, number>;
  picked: Spot;
  onPick: (spot: Spot) => void;
  onClose: () => void;
  stage: RefObject<HTMLDivElement>;
  root: RefObject<HTMLDivElement>;
}

export function Stage({ layout, sources, orphans, picked, onPick, onClose, stage, root }: Props) {
  const focus = useContext(FocusContext);
  const scheme = useComputedColorScheme('light');
  const colourOf = useCallback((source: string) => sourceColour(sources, source), [sources]);
  // A finger that pans would drag whatever table it meets.
  const draggable = useMediaQuery('(pointer: fine)', true);
  const [nodes, change] = useNodes(layout, colourOf);
  const boxes = useMemo(() => new Map(nodes.map((node) => [node.id, boxOfNode(node)])), [nodes]);
  const lanes = useLanes(layout, boxes);
  const camera = useCamera(boxes);
  const hover = useHover();
  // What was clicked on the map stays where it is.
  const clicked = useRef<Spot>(null);
  const pickHere = useCallback((spot: Spot) => { clicked.current = spot; onPick(spot); }, [onPick]);
  const pickKey = useStable((key: string) => pickHere({ key }));
  const hoverKey = useStable((key: string | null) => hover(key ? { key } : null));
  const { onKeyDown, onFocus, onBlur, told, active } = useKeyboard({ model: layout.model, boxes, picked, onPick, onClose, camera, root, stage });

  useEffect(() => { boxesNow.set(layout, boxes); }, [layout, boxes]);
  useEffect(() => focus.show(layout.model), [layout.model, focus]);
  // Only where tables got new places: news of a catalog that looks the same do not move the map.
  useEffect(() => { if (picked) camera.centre(picked, 0); else camera.fit(0); }, [layout.arranged]);
  useEffect(() => {
    const here = clicked.current;
    clicked.current = null;
    if (!picked) return;
    if (same(here, picked)) camera.uncover(picked);
    else camera.centre(picked);
  }, [picked]);
  useEffect(() => focus.subscribe(() => root.current?.classList.toggle('focused', focus.lit().tables.size > 0)), [focus, root]);

  return (
    <>
      <ReactFlow<TableNodeType> ref={stage} nodes={nodes} edges={EDGES} nodeTypes={TYPES} onNodesChange={change} onlyRenderVisibleElements colorMode={scheme}
        minZoom={0.04} maxZoom={2.5} nodesDraggable={draggable} {...PLAIN}
        onNodeClick={(_, { id }) => pickHere({ table: id })} onPaneClick={() => { if (picked) onClose(); }}
        onNodeMouseEnter={(_, { id }) => hover({ table: id })} onNodeMouseLeave={() => hover(null)} onMoveStart={() => hover(null)}
        tabIndex={0} role="application" aria-roledescription="map" aria-label="Map of tables and keys" aria-describedby="map-help"
        aria-activedescendant={active && nodeId(active)} onKeyDown={onKeyDown} onFocus={onFocus} onBlur={onBlur}>
        <Background gap={20} size={1} color={scheme === 'dark' ? '#3a3a3a' : '#dee2e6'} />
        <KeyLayer model={layout.model} boxes={boxes} lanes={lanes} orphans={orphans} colourOf={colourOf} onPick={pickKey} onHover={hoverKey} />
        {nodes.length > MANY && (
          <MiniMap<TableNodeType> position="bottom-left" pannable zoomable ariaLabel="The whole map" style={{ width: 170, height: 110 }}
            nodeColor={({ data }) => `var(--mantine-color-${data.colour}-6)`} nodeStrokeWidth={0} />
        )}
        <ZoomButtons camera={camera} root={root} />
      </ReactFlow>
      <VisuallyHidden id="map-help">
        Arrow keys go from table to table, Enter opens a table's card, plus and minus zoom, 0 shows everything, f is full screen, a slash searches.
      </VisuallyHidden>
      <VisuallyHidden aria-live="polite">{told}</VisuallyHidden>
    </>
  );
}

/** Where the tables of a layout stand by now, for the export. */
export const boxesNow = new WeakMap<Layout, ReadonlyMap<string, Box>>();

const same = (one: Spot, other: Spot) => JSON.stringify(one) === JSON.stringify(other);

const rectangles = new WeakMap<TableNodeType, Box>();

// The same node has the same box, so that what did not move is not drawn anew.
function boxOfNode(node: TableNodeType): Box {
  const known = rectangles.get(node) ?? { ...node.position, width: node.data.table.width, height: node.data.table.height };
  rectangles.set(node, known);
  return known;
}

function useNodes(layout: Layout, colourOf: (source: string) => string) {
  const made = (kept?: Map<string, Point>) => layout.model.tables.map((table): TableNodeType => ({
    id: table.id, type: 'table', position: kept?.get(table.id) ?? layout.arranged.tables[table.id]!, data: { table, colour: colourOf(table.source) },
    width: table.width, height: table.height, measured: { width: table.width, height: table.height },
  }));
  const [shown, setShown] = useState(() => ({ layout, nodes: made() }));
  if (shown.layout !== layout) {
    const kept = shown.layout.arranged === layout.arranged ? new Map(shown.nodes.map(({ id, position }) => [id, position])) : undefined;
    setShown({ layout, nodes: made(kept) });
  }
  // Sizes are known beforehand; only moves count.
  const change = useCallback((changes: NodeChange<TableNodeType>[]) => {
    const moves = changes.filter(({ type }) => type === 'position');
    if (moves.length) setShown(({ layout, nodes }) => ({ layout, nodes: applyNodeChanges(moves, nodes) }));
  }, []);
  return [shown.nodes, change] as const;
}

function useLanes({ model, arranged }: Layout, boxes: ReadonlyMap<string, Box>) {
  const stays = (id: string) => boxes.get(id)?.x === arranged.tables[id]?.x && boxes.get(id)?.y === arranged.tables[id]?.y;
  const text = model.tables.filter(({ id }) => !stays(id)).map(({ id }) => id).join('\n');
  return useMemo(() => {
    if (!text) return arranged.lanes;
    const moved = new Set(text.split('\n'));
    const gone = new Set(model.keys.filter(({ from, to }) => moved.has(from) || moved.has(to)).map(({ id }) => id));
    return Object.fromEntries(Object.entries(arranged.lanes).filter(([id]) => !gone.has(id)));
  }, [text, arranged, model]);
}

// A pointer that only crosses a table on its way changes nothing.
const PAUSE = 70;

function useHover() {
  const focus = useContext(FocusContext);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback((spot: Spot) => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => focus.hover(spot), PAUSE);
  }, [focus]);
}

/** A function that stays the same while what it does is that of the last drawing. */
function useStable<A extends unknown[]>(act: (...given: A) => void) {
  const last = useRef(act);
  last.current = act;
  return useCallback((...given: A) => last.current(...given), []);
}
