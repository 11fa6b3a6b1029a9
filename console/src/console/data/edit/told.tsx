// What is told after a write, beside the row itself.
import { Anchor, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { links } from '../../links';

export function tellWritten(title: string, { pending, warning }: { pending: boolean; warning: string | null }, quiet = false) {
  if (pending) {
    notifications.show({
      title, color: 'orange', autoClose: false,
      // Outside of the router, so that the address is written in full.
      message: <Text size="sm">A part of it is still being finished in another database.{' '}
        <Anchor href={`/console${links.health()}`} size="sm">Health</Anchor> shows what is left.</Text>,
    });
  } else if (warning) {
    notifications.show({ title, color: 'orange', autoClose: false, message: `Written, though a reference leads nowhere: ${warning}` });
  } else if (!quiet) {
    notifications.show({ title, message: null, color: 'teal', autoClose: 3000 });
  }
}
