// The editor of one entry: the form, what it would do, and the way to save it.
import { useEffect, useState } from 'react';
import { Box, Button, Grid, Group, Loader, SegmentedControl, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useLocation } from 'wouter';
import { client } from '../api/queries';
import type { Catalog, Draft, Entry, KeyFile, Preview } from '../api/types';
import { links } from '../links';
import { Breaking } from '../parts/breaking';
import { Leaving } from '../parts/leaving';
import { Problem } from '../parts/problem';
import { Notice } from '../parts/notice';
import { usePreview, useRemoval } from './changes';
import { complete, fromSearch, pairsOf, searchOf, type Kind } from './draft';
import { faultsAt } from './faults';
import { Live } from './live';
import { ManyMany } from './many-many';
import { defaultNames } from './names';
import { Options } from './options';
import { Review } from './review';
import { Sides } from './sides';
import { CopyText, ReadOnly } from './read-only';
import { useDraft } from './use-draft';

interface Props {
  catalog: Catalog;
  file: KeyFile;
  /** Null for a new one. */
  entry: Entry | null;
  /** The file as the draft began with it. */
  outdated?: boolean;
  /** Takes what the entry says now as what the draft changes. */
  takeNewest?: () => Draft;
}

const NOTHING: Draft = {};

export function Editor({ catalog, file, entry, outdated = false, takeNewest }: Props) {
  const [, go] = useLocation();
  const [kind, setKind] = useState<Kind>(entry?.kind ?? (new URLSearchParams(location.search).get('kind') === 'many_many' ? 'many_many' : 'foreign_key'));
  const before = entry?.draft ?? NOTHING;
  const { draft, change, unsaved } = useDraft(kind, before, !entry);
  const { preview, error, fresh } = usePreview(kind, draft, entry?.entry ?? null, file.revision);
  const [reviewing, review] = useDisclosure();
  const [removing, removal] = useDisclosure();
  const remove = useRemoval(removing ? entry!.entry : null, file.revision);
  useNewer(file, preview);
  const faultAt = faultsAt(preview?.faults ?? []);
  const onDone = (saved: string | null) => go(`${links.keys()}${saved ? `?saved=${saved}` : ''}`, { replace: true });
  const rebase = () => change(fromSearch(searchOf(draft, before, kind, false), takeNewest!()));
  // The two kinds have no member in common but names.
  const begin = (next: Kind) => { setKind(next); change(Object.fromEntries(Object.keys(draft).map((member) => [member, null]))); };
  const fine = entry && !unsaved ? 'Unchanged' : file.writable ? 'Can be saved' : 'Can be copied';
  const current = fresh && preview?.revision === file.revision ? preview : null;
  return (
    <Box p="md" pt={0}>
      <Head title={entry ? nameOf(entry) : kind === 'many_many' ? 'New relationship over a junction' : 'New key'}
        place={entry && `${entry.file.split('/').pop()}, line ${entry.line}`}
        state={stateOf(kind, draft, preview, fresh, error) ?? fine} busy={complete(kind, draft) && !fresh && !error}>
        {file.writable ? (
          <>
            {entry && <Button variant="default" size="xs" onClick={removal.open}>Delete</Button>}
            <Button size="xs" onClick={review.open} disabled={!complete(kind, draft) || !unsaved || (fresh && !preview?.valid)}>Review and save</Button>
          </>
        ) : <CopyText text={current?.text} />}
      </Head>
      <ReadOnly file={file} />
      {outdated && <Outdated gone={!takeNewest} onNewest={rebase}
        onNew={() => go(`/keys/new?${searchOf(draft, NOTHING, kind, true)}`, { replace: true })} />}
      <Grid gutter="xl">
        <Grid.Col span={{ base: 12, md: 6 }}>
          {!entry && (
            <SegmentedControl size="xs" mb="sm" value={kind} onChange={(next) => begin(next as Kind)} aria-label="Kind of entry"
              data={[{ value: 'foreign_key', label: 'Key' }, { value: 'many_many', label: 'Relationship over a junction' }]} />
          )}
          {kind === 'many_many' ? <ManyMany {...{ catalog, draft, change, faultAt }} /> : (
            <>
              <Sides {...{ catalog, draft, change, faultAt }} />
              <Box mt="sm"><Options {...{ catalog, draft, change, faultAt }} names={defaultNames(catalog, draft)} /></Box>
            </>
          )}
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          {error ? <Problem error={error} />
            : preview ? <Live catalog={catalog} preview={preview} fresh={fresh} />
              : <Waiting kind={kind} asked={complete(kind, draft)} writable={file.writable} />}
        </Grid.Col>
      </Grid>
      <Review opened={reviewing} onClose={review.close} change={{ kind, draft, entry: entry?.entry ?? null }} preview={current} error={error}
        outdated={outdated} onDone={onDone} />
      {entry && <Review opened={removing} onClose={removal.close} change={{ entry: entry.entry, remove: true }} preview={remove.data ?? null}
        error={remove.error} outdated={outdated} onDone={onDone} />}
      <Leaving unsaved={unsaved} title={file.writable ? undefined : 'Leave the draft?'} what="The draft" />
    </Box>
  );
}

// The preview is of a newer file than the one at hand.
function useNewer(file: KeyFile, preview: Preview | null) {
  const newer = preview && preview.revision !== file.revision ? preview.revision : null;
  useEffect(() => { if (newer) void client.invalidateQueries({ queryKey: ['keys'] }); }, [newer]);
}

export const nameOf = ({ kind, draft }: Entry) => (kind === 'many_many'
  ? `${draft.table} over ${draft.through}`
  : pairsOf(draft).map(({ column, references }) => `${column} → ${references}`).join(', '));

/** What keeps the draft from being of use; null where nothing does. */
function stateOf(kind: Kind, draft: Draft, preview: Preview | null, fresh: boolean, error: unknown) {
  if (!complete(kind, draft)) return '';
  if (error) return 'Cannot be checked';
  if (!fresh || !preview) return 'Checking';
  const errors = preview.faults.filter(({ severity }) => severity === 'error').length;
  return errors ? (errors === 1 ? '1 error' : `${errors} errors`) : null;
}

function Head({ title, place, state, busy, children }: { title: string; place: string | null; state: string; busy: boolean; children: React.ReactNode }) {
  return (
    <Group className="keys-head" justify="space-between" gap="sm" py="xs" mb="sm">
      <Box miw={0} flex="1 1 260px">
        <Title order={2} size="h5"><Breaking>{title}</Breaking></Title>
        {place && <Text size="xs" c="dimmed">{place}</Text>}
      </Box>
      <Group gap="xs">
        {busy && <Loader size={14} aria-hidden />}
        <Text size="sm" c="dimmed" role="status">{state}</Text>
        {children}
      </Group>
    </Group>
  );
}

function Waiting({ kind, asked, writable }: { kind: Kind; asked: boolean; writable: boolean }) {
  if (asked) return <Group gap="xs"><Loader size="xs" role="status" aria-label="Loading" /><Text size="sm"
    c="dimmed">Looking at the databases</Text></Group>;
  return (
    <Text size="sm" c="dimmed">
      {kind === 'many_many' ? 'Pick the table and the junction.' : 'Pick a column on each side.'} Then you see here{writable
        && ', before anything is saved,'} how their values meet, how many rows refer to nothing, which index is missing,
      what a request by the new relationship answers, and what would be written into the key file.
    </Text>
  );
}

function Outdated({ gone, onNewest, onNew }: { gone: boolean; onNewest: () => void; onNew: () => void }) {
  return (
    <Notice color="orange" mb="md" role="alert" title={gone ? 'Somebody else removed this entry meanwhile' : 'Somebody else changed this entry meanwhile'}>
      <Text size="sm">
        Your draft is kept. {gone ? 'It can be added again as a new entry.' : 'Load the newest: what you changed stays, the rest is as the file has it now.'}
      </Text>
      <Button mt="xs" size="xs" variant="default" onClick={gone ? onNew : onNewest}>{gone ? 'Make it a new entry' : 'Load the newest'}</Button>
    </Notice>
  );
}
