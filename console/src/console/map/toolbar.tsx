// Above the map: how much it shows, the search, and what is shown.
import type { RefObject } from 'react';
import { Button, Group, Switch, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { Catalog } from '../api/types';
import { download } from '../parts/download';
import { SourceDot } from '../parts/table-name';
import { Finder } from './finder';
import type { Spot } from './focus';
import { IconButton } from './icon-button';
import type { MapModel } from './model';
import { boxesNow } from './stage';
import type { Change, MapState } from './state';
import { svgOf } from './svg';
import type { Layout } from './use-layout';

interface Props {
  catalog: Catalog;
  model: MapModel;
  layout?: Layout;
  orphans: ReadonlyMap<string, number>;
  state: MapState;
  change: (change: Change) => void;
  onFind: (spot: NonNullable<Spot>) => void;
  root: RefObject<HTMLDivElement>;
}

export function Toolbar({ catalog, model, layout, orphans, state, change, onFind }: Props) {
  const save = () => {
    const boxes = layout && boxesNow.get(layout);
    if (!layout || !boxes) return;
    const svg = svgOf({ model: layout.model, boxes, lanes: layout.arranged.lanes, orphans, sources: catalog.sources });
    download('crosskey-map.svg', 'image/svg+xml', svg);
  };
  return (
    <div className="map-bar">
      <Text component="h2" size="sm" fw={600} m={0}>{counted(model, catalog)}</Text>
      <Finder catalog={catalog} onFind={onFind} />
      <div className="map-filters">
        <Group gap={4} wrap="nowrap" role="group" aria-label="Sources">
          {catalog.sources.map(({ name }) => <SourceChip key={name} name={name} state={state} change={change} />)}
        </Group>
        <Switch size="xs" label="virtual only" checked={state.virtualOnly} onChange={({ currentTarget }) => change({ virtualOnly: currentTarget.checked })} />
        <Switch size="xs" label="all columns" checked={state.allColumns} onChange={({ currentTarget }) => change({ allColumns: currentTarget.checked })} />
      </div>
      <IconButton label="Save as SVG" onClick={save} position="left"><IconDownload size={16} /></IconButton>
    </div>
  );
}

function SourceChip({ name, state: { hidden }, change }: { name: string } & Pick<Props, 'state' | 'change'>) {
  const shown = !hidden.has(name);
  const toggle = () => change({ hidden: shown ? new Set([...hidden, name]) : new Set([...hidden].filter((one) => one !== name)) });
  return (
    <Button size="compact-xs" variant={shown ? 'default' : 'transparent'} c={shown ? undefined : 'dimmed'} td={shown ? undefined : 'line-through'} aria-pressed={shown}
      onClick={toggle} title={shown ? 'Hide' : 'Show'} leftSection={<SourceDot source={name} size={8} />} style={{ flex: 'none' }} fw={400}>{name}</Button>
  );
}

function counted({ tables, keys }: MapModel, catalog: Catalog) {
  const of = (shown: number, all: number, one: string) => `${shown === all ? all : `${shown} of ${all}`} ${all === 1 ? one : `${one}s`}`;
  return `${of(tables.length, catalog.tables.length, 'table')}, ${of(keys.length, catalog.keys.length, 'key')}`;
}
