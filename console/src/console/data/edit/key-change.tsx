// Shown before a referenced value is changed: which rows get the new value too, or stand in the way.
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { Refused } from './refused';
import { countOf, Refusal, Touched } from './touched';
import type { Change } from './write';

export type KeyPreview = { changes: Change[] } | { refused: Refused[] };

export function KeyChange({ preview, busy, onConfirm, onClose }: { preview: KeyPreview; busy: boolean; onConfirm: () => void; onClose: () => void }) {
  const changes = 'changes' in preview ? preview.changes : null;
  return (
    <Modal opened onClose={onClose} size="xl" zIndex={400} closeButtonProps={{ 'aria-label': 'Close' }}
      title={<Text fw={600}>{changes ? 'What this touches' : 'This cannot be changed'}</Text>}>
      <Stack gap="sm">
        {changes && <Text size="sm">Other rows refer to the value that you change. They get the new one as well: {countOf(changes)} rows in all.</Text>}
        {changes ? <Touched changes={changes} /> : <Refusal refused={(preview as { refused: Refused[] }).refused} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" data-autofocus onClick={onClose} disabled={busy}>Back to the form</Button>
          {changes && <Button loading={busy} onClick={onConfirm}>Save {countOf(changes)} rows</Button>}
        </Group>
      </Stack>
    </Modal>
  );
}
