// Asks before something unsaved is left.
import { useEffect, useState } from 'react';
import { Button, Group, Modal, Text } from '@mantine/core';

/**
 * Within the console every link and command goes through `history.pushState`, so that is where to ask. `replaceState` is let
 * through: a view uses it to keep its draft in the address, and to go on when the draft is saved. So is Back, from which
 * Forward returns to the draft.
 */
export function Leaving({ unsaved, what, title = 'Leave without saving?' }: { unsaved: boolean; what: string; title?: string }) {
  const [leave, setLeave] = useState<(() => void) | null>(null);
  useEffect(() => {
    if (!unsaved) return;
    const push = history.pushState;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    history.pushState = (...to) => setLeave(() => () => push.apply(history, to));
    addEventListener('beforeunload', warn);
    return () => { history.pushState = push; removeEventListener('beforeunload', warn); };
  }, [unsaved]);
  const stay = () => setLeave(null);
  return (
    <Modal opened={leave !== null} onClose={stay} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Text size="sm">{what} would be lost.</Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={stay} data-autofocus>Stay</Button>
        <Button color="red.9" onClick={() => { leave?.(); stay(); }}>Leave</Button>
      </Group>
    </Modal>
  );
}
