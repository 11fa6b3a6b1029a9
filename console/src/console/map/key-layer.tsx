// Keys and the boxes of sources, in one drawing beneath the tables: five hundred edges of React Flow, each with an SVG of its own, would
// make every step of a pan slow. Who is pointed at is drawn once more on top, so that nothing else need be touched to dim it.
import { memo, useMemo, type MouseEvent } from 'react';
import { ViewportPortal } from '@xyflow/react';
import { useFocus } from './focus';
import { curveOf, type Box, type Curve } from './geometry';
import { useLevel } from './level';
import { labelsOf } from './labels';
import { inRow, marksOf, type Mark } from './marks';
import type { Point } from './arrange';
import type { MapKey, MapModel } from './model';
import { SourceBoxes } from './source-boxes';

interface Props {
  model: MapModel;
  boxes: ReadonlyMap<string, Box>;
  /** Absent for keys whose tables were moved by hand. */
  lanes: Record<string, Point[]>;
  orphans: ReadonlyMap<string, number>;
  colourOf: (source: string) => string;
  onPick: (key: string) => void;
  onHover: (key: string | null) => void;
}

interface Drawn { of: MapKey; curve: Curve; marks: Mark[] }

export const KeyLayer = memo(function KeyLayer({ model, boxes, lanes, orphans, colourOf, onPick, onHover }: Props) {
  const level = useLevel();
  const lit = useFocus((focus) => focus.lit());
  const drawn = useDrawn(model, boxes, lanes, orphans);
  const chosen = useMemo(() => lit.keys.map((id) => drawn.get(id)).filter((one) => one !== undefined), [lit, drawn]);
  const keyAt = ({ target }: MouseEvent) => (target as Element).closest('[data-key]')?.getAttribute('data-key') ?? null;
  return (
    <ViewportPortal>
      <svg className={`map-layer map-below ${level}`} aria-hidden onMouseOver={(event) => onHover(keyAt(event))} onMouseLeave={() => onHover(null)}
        onClick={(event) => { const key = keyAt(event); if (key) onPick(key); }}>
        <SourceBoxes model={model} boxes={boxes} colourOf={colourOf} />
        <g className={lit.tables.size ? 'map-keys dimmed' : 'map-keys'}>
          {[...drawn.values()].map((one) => <KeyLine key={one.of.id} drawn={one} />)}
          {[...drawn.values()].map((one) => <KeyMarks key={one.of.id} drawn={one} />)}
        </g>
        <g className="map-keys chosen">
          {chosen.map((one) => <KeyLine key={one.of.id} drawn={one} />)}
          {chosen.map((one) => <KeyMarks key={one.of.id} drawn={one} />)}
        </g>
      </svg>
      {level === 'dots' && <svg className="map-layer map-above" aria-hidden><Tag boxes={boxes} /></svg>}
      {(level === 'near' || level === 'middle') && (
        <svg className={`map-layer map-above ${level}`} aria-hidden><Labels drawn={chosen} size={level === 'near' ? 1 : 1.6} /></svg>
      )}
    </ViewportPortal>
  );
});

// When a table is moved, only its keys are drawn anew; the others keep their objects.
function useDrawn(model: MapModel, boxes: Props['boxes'], lanes: Props['lanes'], orphans: Props['orphans']): Map<string, Drawn> {
  const kept = useMemo(() => ({ model, orphans, all: new Map<string, { parts: unknown[]; drawn: Drawn }>() }), [model, orphans]).all;
  return useMemo(() => new Map(model.keys.flatMap((key) => {
    const [a, b, lane] = [boxes.get(key.from), boxes.get(key.to), lanes[key.id]];
    if (!a || !b) return [];
    const last = kept.get(key.id);
    if (last && last.parts[0] === a && last.parts[1] === b && last.parts[2] === lane) return [[key.id, last.drawn] as const];
    const drawn = { of: key, curve: curveOf(key, a, b, lane), marks: marksOf(key, orphans.get(key.id)) };
    kept.set(key.id, { parts: [a, b, lane], drawn });
    return [[key.id, drawn] as const];
  })), [model, boxes, lanes, orphans, kept]);
}

const KeyLine = memo(function KeyLine({ drawn: { of, curve } }: { drawn: Drawn }) {
  return (
    <g data-key={of.id} className={`key ${of.key.virtual ? 'virtual' : 'native'}`}>
      <path className="hit" d={curve.line} />
      <path className="line" d={curve.line} />
      <path className="head" d={curve.head} />
    </g>
  );
});

// Over all lines, so that each can be clicked.
const KeyMarks = memo(function KeyMarks({ drawn: { of, curve: { middle }, marks } }: { drawn: Drawn }) {
  if (!marks.length) return null;
  return (
    <g data-key={of.id} className="marks" transform={`translate(${middle.x},${middle.y})`}>{inRow(marks).map((one) => <MarkSign key={one.mark.kind} {...one} />)}</g>
  );
});

export function MarkSign({ mark: { kind, path, text, title }, x, width }: { mark: Mark; x: number; width: number }) {
  return (
    <g className={`map-mark ${kind}`} transform={`translate(${x},0)`}>
      <title>{kind === 'orphans' ? `${text} ${title}` : title}</title>
      <rect x={-width / 2} y={-8} width={width} height={16} rx={8} />
      {path ? <path d={path} /> : <text y={3.5}>{text}</text>}
    </g>
  );
}

const Labels = memo(function Labels({ drawn, size }: { drawn: Drawn[]; size: number }) {
  const labels = labelsOf(drawn.map(({ of, curve, marks }) => ({ id: of.id, text: of.label, middle: curve.middle, marked: marks.length > 0 })), size);
  return labels.map(({ id, text, x, y, width }) => (
    <g key={id} className="map-label" transform={`translate(${x},${y})`}>
      <rect x={-width / 2} y={-7 * size} width={width} height={14 * size} rx={3} />
      <text y={4 * size} fontSize={11 * size}>{text}</text>
    </g>
  ));
});

function Tag({ boxes }: { boxes: Props['boxes'] }) {
  const table = useFocus((focus) => focus.table());
  const box = table && boxes.get(table);
  if (!box) return null;
  const width = table.length * 62 + 60;
  return (
    <g className="map-tag" transform={`translate(${box.x + box.width / 2},${box.y - 90})`}>
      <rect x={-width / 2} y={-70} width={width} height={140} rx={20} /><text y={38}>{table}</text>
    </g>
  );
}
