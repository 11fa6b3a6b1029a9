// A table on the map. Far away it is a box with its name.
import { memo } from 'react';
import type { Node, NodeProps } from '@xyflow/react';
import { IconArrowsSplit2, IconEye, IconKey, IconLink, IconLock } from '@tabler/icons-react';
import { useFocus } from './focus';
import { useLevel } from './level';
import { compact } from './marks';
import { HEAD, LINE, type Line, type MapTable } from './model';

export type TableNodeType = Node<{ table: MapTable; colour: string }, 'table'>;

export const nodeId = (table: string) => `map-table-${encodeURIComponent(table)}`;

export const TableNode = memo(function TableNode({ id, data }: NodeProps<TableNodeType>) {
  const level = useLevel();
  const classes = useFocus((focus) => focus.classOf(id));
  const style = { '--source': `var(--mantine-color-${data.colour}-6)`, width: data.table.width, height: data.table.height } as React.CSSProperties;
  return (
    <div id={nodeId(id)} className={`map-table ${level} ${classes}`} role="group" aria-label={id} style={style}>
      {level === 'near' && <Near table={data.table} />}
      {(level === 'middle' || level === 'far') && <span className="map-far" style={{ fontSize: farSize(data.table) }}>{data.table.name}</span>}
    </div>
  );
});

// As large as fits.
const farSize = ({ name, width, height }: MapTable) => Math.min(24, (width - 12) / (name.length * 0.66), height - 12);

function Near({ table: { name, rows, view, readOnly, junction, lines } }: { table: MapTable }) {
  return (
    <>
      <div className="map-head" style={{ height: HEAD }}>
        <span className="map-name" title={name}>{name}</span>
        {view && <IconEye size={13} aria-label="view" role="img" />}
        {readOnly && <IconLock size={13} aria-label="read-only" role="img" />}
        {junction && <IconArrowsSplit2 size={13} aria-label="junction" role="img" />}
        {rows !== null && <span className="map-rows" title={`about ${rows.toLocaleString('en')} rows`}>{compact(rows)}</span>}
      </div>
      {lines.map((line) => <LineRow key={line.text} line={line} />)}
    </>
  );
}

function LineRow({ line: { text, type, primary, referencing } }: { line: Line }) {
  return (
    <div className="map-line" style={{ height: LINE }}>
      <span className="map-sign">
        {primary ? <IconKey size={11} aria-label="primary key" role="img" /> : referencing && <IconLink size={11} aria-label="references" role="img" />}
      </span>
      <span className="map-column" title={text}>{text}</span>
      <span className="map-type">{type}</span>
    </div>
  );
}
