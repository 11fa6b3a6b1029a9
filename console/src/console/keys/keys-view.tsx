// Keys: the list, and the editor of one.
import { Center, Container, Loader, Text } from '@mantine/core';
import { Route, Switch, useLocation } from 'wouter';
import { useCatalog, useKeyFile } from '../api/queries';
import type { Catalog, KeyFile } from '../api/types';
import { links } from '../links';
import { closest } from '../parts/closest';
import { NotFound } from '../parts/not-found';
import { Problem } from '../parts/problem';
import { Editor } from './editor';
import { KeyList } from './key-list';
import { useBase } from './use-base';
import './keys.css';

export function KeysView() {
  return (
    <Switch>
      <Route path="/keys"><KeyList /></Route>
      <Route path="/keys/new"><Known>{(catalog, file) => <Editor key="new" catalog={catalog} file={file} entry={null} />}</Known></Route>
      <Route path="/keys/:kind/:number">
        {({ kind, number }) => <Known>{(catalog, file) => <Old catalog={catalog} file={file} id={`${kind}/${number}`} />}</Known>}
      </Route>
      <Route><Missing /></Route>
    </Switch>
  );
}

/** Both are needed to edit anything. */
function Known({ children }: { children: (catalog: Catalog, file: KeyFile) => React.ReactNode }) {
  const [catalog, file] = [useCatalog(), useKeyFile()];
  if (catalog.data && file.data) return children(catalog.data, file.data);
  const error = file.error ?? catalog.error;
  return error ? <Container size="sm" py="xl"><Problem error={error} /></Container> : <Center h="50vh"><Loader role="status" aria-label="Loading"
    /></Center>;
}

function Old({ catalog, file, id }: { catalog: Catalog; file: KeyFile; id: string }) {
  const { entry, outdated, newest, takeNewest } = useBase(file, id);
  if (!entry) return <Missing />;
  return <Editor catalog={catalog} file={file} entry={entry} outdated={outdated}
    takeNewest={newest && (() => { takeNewest(); return newest.draft; })} />;
}

function Missing() {
  const [location] = useLocation();
  const id = location.replace(/^\/keys\//, '');
  return (
    <NotFound what={`The key file has no entry ${id}`} meant={closest(id, ['new']) ? { label: 'New key', to: links.newKey() } : null}
      all={[{ label: 'All keys', to: links.keys() }]}>
      <Text size="sm">Entries are numbered, so it may have moved.</Text>
    </NotFound>
  );
}
