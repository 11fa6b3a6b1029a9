// Asks before rows are deleted, and shows what goes with them, or who refers to them so that they stay.
import { useState } from 'react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Button, Group, Loader, Modal, Stack, Text } from '@mantine/core';
import { useCatalog } from '../../api/queries';
import type { Catalog, Key, Table } from '../../api/types';
import { Problem } from '../../parts/problem';
import { refusalsOf, type Refused } from './refused';
import { tellWritten } from './told';
import { countOf, Refusal, Touched } from './touched';
import { remove, tryRemove, writeName } from './write';
import './edit.css';

interface Props { table: Table; ids: string[][]; onClosed: (removed: boolean) => void }

export function RemoveDialog({ table, ids, onClosed }: Props) {
  const { tried, removal } = useRemoval({ table, ids, onClosed });
  const error = removal.error ?? tried.error;
  const refused = removal.data?.refused ?? tried.data?.refused;
  const changes = error || refused ? null : tried.data?.changes;
  const all = changes ? countOf(changes) : 0;
  const rows = ids.length === 1 ? 'this row' : `${ids.length} rows`;
  return (
    <Modal opened size="xl" onClose={() => { if (!removal.isPending) onClosed(false); }} closeButtonProps={{ 'aria-label': 'Close' }}
      title={<Text fw={600}>Delete {ids.length === 1 ? `${table.id} ${ids[0]!.join(', ')}` : `${ids.length} rows of ${table.id}`}?</Text>}>
      <Stack gap="sm" aria-busy={tried.isPending}>
        {tried.isPending && <Group gap="xs" role="status"><Loader size="xs" aria-hidden /><Text size="sm">Looking at what refers to {rows} …</Text></Group>}
        {refused && <><Text size="sm">{toldOf(ids.length, refused.length)}</Text><Refusal refused={refused} /></>}
        {error && <Problem error={error} />}
        {changes && (
          <>
            <Text size="sm">
              {all > ids.length
                ? `This touches ${all} rows, not only ${ids.length === 1 ? 'the one' : `the ${ids.length}`} you named.`
                : `Nothing else refers to ${rows}.`} It cannot be undone.
            </Text>
            <Touched changes={changes} />
          </>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" data-autofocus onClick={() => onClosed(false)} disabled={removal.isPending}>{error || refused ? 'Close' : 'Cancel'}</Button>
          {!error && !refused && <Button color="red.9" disabled={!changes} loading={removal.isPending}
            onClick={() => removal.mutate()}>Delete {all > 1 ? `${all} rows` : ''}</Button>}
        </Group>
      </Stack>
    </Modal>
  );
}

const STAYS = (key: Key) => key.on_delete === 'restrict' || key.on_delete === 'no_action';

/** The dry run, and then the removal itself; each may be refused. */
function useRemoval({ table, ids, onClosed }: Props) {
  const [name] = useState(writeName);
  const { data: catalog } = useCatalog();
  const orRefused = async (catalog: Catalog, cause: unknown): Promise<{ changes: null; refused: Refused[] }> => {
    const refused = await refusalsOf(cause, catalog, table, ids, STAYS);
    if (!refused) throw cause;
    return { changes: null, refused };
  };
  const tried = useQuery({
    queryKey: ['dry run', table.id, name],
    queryFn: () => tryRemove(table, ids).then((changes) => ({ changes, refused: null }), (cause: unknown) => orRefused(catalog!, cause)),
    enabled: catalog !== undefined, retry: false, gcTime: 0, staleTime: Infinity, refetchOnWindowFocus: false,
  });
  const removal = useMutation({
    mutationFn: () => remove(table, ids, name).then((told) => ({ told, refused: null }),
      (cause: unknown) => orRefused(catalog!, cause).then(({ refused }) => ({ told: null, refused }))),
    onSuccess: ({ told }) => {
      if (!told) return;
      tellWritten(ids.length === 1 ? `${table.id} ${ids[0]!.join(', ')} is deleted` : `${ids.length} rows of ${table.id} are deleted`, told);
      onClosed(true);
    },
  });
  return { tried, removal };
}

function toldOf(rows: number, refused: number) {
  if (rows === 1) return 'The row stays, for others refer to it.';
  return refused < rows ? `Nothing is deleted, for others refer to ${refused} of the ${rows} rows.` : 'The rows stay, for others refer to them.';
}
