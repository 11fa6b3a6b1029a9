// The views and their addresses, within what all of them share.
import { lazy, Suspense } from 'react';
import { Center, Loader, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { Redirect, Route, Router, Switch } from 'wouter';
import { client } from './api/queries';
import { Shell } from './shell/shell';
import { UnknownView } from './shell/unknown-view';
import { Fallen } from './parts/fallen';
import { theme, variables } from './theme';

const MapView = lazy(async () => ({ default: (await import('./map/map-view')).MapView }));
const KeysView = lazy(async () => ({ default: (await import('./keys/keys-view')).KeysView }));
const DataView = lazy(async () => ({ default: (await import('./data/data-view')).DataView }));
const ExploreView = lazy(async () => ({ default: (await import('./explore/explore-view')).ExploreView }));
const HealthView = lazy(async () => ({ default: (await import('./health/health-view')).HealthView }));

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <Notifications position="bottom-right" />
        <Router base="/console">
          <Shell>
            <Fallen>
              <Suspense fallback={<Center h="50vh"><Loader role="status" aria-label="Loading" /></Center>}>
                <Switch>
                  <Route path="/map"><MapView /></Route>
                  <Route path="/keys/*?"><KeysView /></Route>
                  <Route path="/data/*?"><DataView /></Route>
                  <Route path="/api"><ExploreView /></Route>
                  <Route path="/health"><HealthView /></Route>
                  <Route path="/"><Redirect to="/map" replace /></Route>
                  <Route><UnknownView /></Route>
                </Switch>
              </Suspense>
            </Fallen>
          </Shell>
        </Router>
      </QueryClientProvider>
    </MantineProvider>
  );
}
