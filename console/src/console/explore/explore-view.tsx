// The API: a builder of requests, the OpenAPI viewer, and GraphiQL.
import { Box, Tabs } from '@mantine/core';
import { useCatalog, tableOf } from '../api/queries';
import type { Table } from '../api/types';
import { useViewState } from '../data/state';
import { useSearchParams } from '../parts/search-params';
import { Build } from './build';
import { readEmbeds } from './embeds';
import { graphqlRequest } from './requests';
import classes from './explore.module.css';

const TABS = { build: 'Build a request', rest: 'REST', graphql: 'GraphQL' };

export function ExploreView() {
  const [params, setParams] = useSearchParams();
  const given = params.get('tab') ?? 'build';
  const tab = given in TABS ? given : 'build';
  const choose = (next: string | null) => setParams((now) => { if (next === 'build') now.delete('tab'); else now.set('tab', next!); return now; });
  return (
    // A page within the page costs a while, so it is there only when it is looked at.
    <Tabs value={tab} onChange={choose} keepMounted={false}>
      <Tabs.List px="md" aria-label="API">
        {Object.entries(TABS).map(([value, label]) => <Tabs.Tab key={value} value={value}>{label}</Tabs.Tab>)}
      </Tabs.List>
      <Tabs.Panel value="build"><Box p="md"><Build /></Box></Tabs.Panel>
      <Tabs.Panel value="rest"><Docs table={params.get('table')} /></Tabs.Panel>
      <Tabs.Panel value="graphql"><Graphiql /></Tabs.Panel>
    </Tabs>
  );
}

/** Begins with what was built, if something was. */
function Graphiql() {
  const { data } = useCatalog();
  const [params] = useSearchParams();
  const table = data && tableOf(data, params.get('table') ?? '');
  const [state] = useViewState(table);
  if (!data) return null;
  const query = table && graphqlRequest(data, table, state, readEmbeds(data, table, state, params.get('embed')));
  return <iframe className={classes.frame} src={query ? `/graphql?query=${encodeURIComponent(query)}` : '/graphql'} title="GraphiQL" />;
}

/** Of one table, the viewer opens the operation that lists it. */
function Docs({ table: id }: { table: string | null }) {
  const { data } = useCatalog();
  if (id && !data) return null;
  const table = data && id ? tableOf(data, id) : undefined;
  return (
    <iframe className={classes.frame} title="OpenAPI viewer" src={table ? `/docs?source=${encodeURIComponent(table.source)}` : '/docs'}
      onLoad={(event) => { if (table) pickOut(event.currentTarget.contentWindow, table); }} />
  );
}

// The viewer's own deep links complain in the console about names with an underscore.
function pickOut(page: (Window & { ui?: Viewer }) | null, { source, name }: Table) {
  const operation = ['operations', source, `${source}.${name}.list`];
  page?.ui?.layoutActions.show(operation, true);
  page?.ui?.layoutActions.scrollTo(operation);
}

interface Viewer { layoutActions: { show: (key: string[], shown: boolean) => void; scrollTo: (key: string[]) => void } }
