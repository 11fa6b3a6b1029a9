// The last look before the key file is written.
import { useMutation } from '@tanstack/react-query';
import { Button, Group, Loader, Modal, Stack, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { notifications } from '@mantine/notifications';
import { ApiError } from '../api/client';
import { client, forgetAll } from '../api/queries';
import type { Preview } from '../api/types';
import { Problem } from '../parts/problem';
import { Notice } from '../parts/notice';
import { done, type Change } from './changes';
import { Diff } from './diff';
import { Faults } from './faults';

interface Props {
  opened: boolean;
  onClose: () => void;
  change: Change;
  /** Of this very change; null while it is asked for. */
  preview: Preview | null;
  /** The preview could not be had. */
  error?: unknown;
  /** The entry is not what the change was made of, so that it cannot be saved. */
  outdated?: boolean;
  /** Goes on, by replacing the address. */
  onDone: (entry: string | null) => void;
}

export function Review({ opened, onClose, change, preview, error, outdated, onDone }: Props) {
  const removes = 'remove' in change;
  const save = useMutation({
    mutationFn: (revision: string) => done(change, revision),
    onSuccess: ({ entry }) => {
      notifications.show({ message: `${removes ? 'The entry is removed' : 'The key file is saved'}, and the change is live.`, color: 'green' });
      onDone(entry);
      // Once the editor is gone: it would ask what becomes of an entry that is no longer there.
      setTimeout(() => void forgetAll());
    },
  });
  const close = () => { save.reset(); onClose(); };
  const stale = save.error instanceof ApiError && save.error.status === 409;
  return (
    <Modal opened={opened} onClose={close} size="xl" title={removes ? 'Remove the entry?' : 'Review the change'}
      closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack gap="sm">
        {error ? <Problem error={error} title="What would change could not be asked" /> : null}
        {preview && <Faults faults={preview.faults} />}
        {preview ? <Diff text={preview.diff} label="Change of the key file" /> : !error && <Group gap="xs"><Loader size="xs" /><Text
          size="sm">Asking what would change</Text></Group>}
        {stale && <Stale onNewest={() => { save.reset(); void newest(); }} />}
        {save.error && !stale && <Problem error={save.error} title="Nothing was written" />}
        {outdated && !stale && <Text size="sm" c="var(--mantine-color-error)">Somebody else changed this entry meanwhile. Close this, and load the newest.</Text>}
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus={removes || undefined}>Cancel</Button>
          <Button color={removes ? 'red.9' : undefined} data-autofocus={!removes || undefined} disabled={!preview?.valid || outdated || stale}
            loading={save.isPending}
            onClick={() => preview && save.mutate(preview.revision)}>{removes ? 'Remove' : 'Save'}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** The file and what the draft would do to it, anew. */
const newest = () => Promise.all([
  client.invalidateQueries({ queryKey: ['keys'] }), client.invalidateQueries({ queryKey: ['catalog'] }), client.invalidateQueries({ queryKey: ['preview'] }),
]);

function Stale({ onNewest }: { onNewest: () => void }) {
  return (
    <Notice color="orange" role="alert" title="The key file changed meanwhile">
      <Text size="sm">Nothing was written. Your draft is kept; load the newest file to see what saving would change in it now.</Text>
      <Button mt="xs" size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={onNewest}>Load the newest</Button>
    </Notice>
  );
}
