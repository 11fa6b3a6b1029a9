// Behind the tables of each source: a box in its colour, and its name.
import { memo } from 'react';
import { around, type Box } from './geometry';
import { grouped } from './grouped';
import type { MapModel } from './model';

interface Props { model: MapModel; boxes: ReadonlyMap<string, Box>; colourOf: (source: string) => string }

export const SourceBoxes = memo(function SourceBoxes({ model, boxes, colourOf }: Props) {
  const tables = grouped(model.tables.filter(({ id }) => boxes.has(id)), ({ source }) => source);
  return (
    <g>
      {model.sources.map(({ name, kind, state }) => {
        const own = tables.get(name);
        if (!own) return null;
        const { x, y, width, height } = around(own.map(({ id }) => boxes.get(id)!));
        return (
          <g key={name} style={{ '--source': `var(--mantine-color-${colourOf(name)}-6)` } as React.CSSProperties}>
            <rect className="map-source" x={x} y={y} width={width} height={height} rx={8} />
            <text className="map-caption" x={x + 14} y={y + 24}>
              {name} <tspan className="dim">{kind}{state !== 'up' && ', does not answer'}</tspan>
            </text>
            <text className="map-caption outside" x={x + 4} y={y - 10}>{name}</text>
          </g>
        );
      })}
    </g>
  );
});
