// The map of all tables and keys. This file fetches and keeps the address; `stage.tsx` draws.
import { useEffect, useMemo, useRef, useState } from 'react';
import { Anchor, Button, Center, Loader, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { ReactFlowProvider } from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import './map.css';
import { Link } from 'wouter';
import { useAudit, useCatalog } from '../api/queries';
import type { Catalog } from '../api/types';
import { links } from '../links';
import { Problem } from '../parts/problem';
import { Card } from './card';
import { Foot } from './foot';
import { Focus, FocusContext, type Spot } from './focus';
import { LevelProvider } from './level';
import { modelOf } from './model';
import { Outline } from './outline';
import { Stage } from './stage';
import { useMapState } from './state';
import { Toolbar } from './toolbar';
import { useLayout } from './use-layout';

export function MapView() {
  const { data, error, refetch } = useCatalog();
  if (data && !data.tables.length) return <NoTables catalog={data} />;
  if (data) return <ReactFlowProvider><LevelProvider><LoadedMap catalog={data} /></LevelProvider></ReactFlowProvider>;
  if (!error) return <Center h="50vh"><Loader aria-label="Loading the catalog" /></Center>;
  return (
    <Stack p="md" maw={640}>
      <Problem error={error} />
      <Button variant="default" onClick={() => void refetch()} style={{ alignSelf: 'start' }}>Try again</Button>
    </Stack>
  );
}

function NoTables({ catalog }: { catalog: Catalog }) {
  return (
    <Center h="50vh" px="md">
      <Text>{catalog.sources.length ? 'The sources have no tables that could be read. ' : 'The key file names no source yet. '}
        <Anchor component={Link} underline="always" href={links.health()}>Health</Anchor> tells more.</Text>
    </Center>
  );
}

function LoadedMap({ catalog }: { catalog: Catalog }) {
  const [state, change] = useMapState();
  const [focus] = useState(() => new Focus());
  const root = useRef<HTMLDivElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const orphans = useOrphans();
  // Not by the set's identity: each pick is a new address.
  const hidden = [...state.hidden].sort().join('\n');
  const model = useMemo(() => modelOf(catalog, { hidden: new Set(hidden.split('\n')), virtualOnly: state.virtualOnly, allColumns: state.allColumns }),
    [catalog, hidden, state.virtualOnly, state.allColumns]);
  const { layout, error } = useLayout(model, useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false }));
  const height = useHeight(root);
  const picked: Spot = useMemo(() => (state.table ? { table: state.table } : state.key ? { key: state.key } : null), [state.table, state.key]);
  useEffect(() => focus.pick(picked), [focus, picked]);

  const pick = (spot: Spot) => {
    // What is looked for is shown, with its source.
    const sources = sourcesOf(catalog, spot);
    change({ table: null, key: null, ...spot, hidden: new Set([...state.hidden].filter((one) => !sources.includes(one))) });
  };
  const close = () => {
    const inCard = document.activeElement === document.body || document.activeElement?.closest('.map-card');
    change({ table: null, key: null });
    if (inCard) stage.current?.focus();
  };
  return (
    <FocusContext.Provider value={focus}>
      <div className="map" ref={root} style={{ height }}>
        <Toolbar catalog={catalog} model={model} layout={layout} orphans={orphans ?? NONE} state={state} change={change} root={root}
          onFind={(spot) => { pick(spot); stage.current?.focus(); }} />
        <div className="map-stage">
          {error ? <Stack p="md"><Problem error={error} /></Stack> : !layout ? <Center h="100%"><Loader aria-label="Laying out the map" /></Center>
            : !layout.model.tables.length ? <Center h="100%"><Button variant="default" onClick={() => change({ hidden: new Set() })}>Show all sources</Button></Center>
              : <Stage layout={layout} sources={catalog.sources} orphans={orphans ?? NONE} picked={picked} onPick={pick} onClose={close} stage={stage} root={root} />}
          {picked && <Card spot={picked} catalog={catalog} orphans={orphans} onPick={pick} onClose={close} />}
        </div>
        <Foot audited={orphans !== undefined} />
        <Outline catalog={catalog} orphans={orphans ?? NONE} />
      </div>
    </FocusContext.Provider>
  );
}

const NONE: ReadonlyMap<string, number> = new Map();

/** By key; undefined before the first audit. */
function useOrphans(): ReadonlyMap<string, number> | undefined {
  const { data } = useAudit();
  const text = data && data.state !== 'never' ? JSON.stringify(data.reports.filter(({ error }) => !error).map(({ id, orphans }) => [id, orphans])) : undefined;
  // While an audit runs its answer changes twice a second, and what the map shows of it seldom.
  return useMemo(() => (text ? new Map(JSON.parse(text) as [string, number][]) : undefined), [text]);
}

const sourcesOf = ({ tables, keys }: Catalog, spot: Spot) => {
  const key = spot && 'key' in spot ? keys.find(({ id }) => id === spot.key) : undefined;
  const ids = !spot ? [] : 'table' in spot ? [spot.table] : key ? [key.referencing.table, key.referenced.table] : [];
  return tables.filter(({ id }) => ids.includes(id)).map(({ source }) => source);
};

/** To the window's lower edge, whatever stands above. */
function useHeight(root: React.RefObject<HTMLDivElement>) {
  const [top, setTop] = useState(48);
  useEffect(() => {
    const measure = () => { if (root.current && !document.fullscreenElement) setTop(root.current.getBoundingClientRect().top + window.scrollY); };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(root.current!.parentElement!);
    return () => observer.disconnect();
  }, [root]);
  return `calc(100dvh - ${top}px)`;
}
