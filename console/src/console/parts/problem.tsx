// An error for people: what happened, and how to mend it.
import { Alert, Text } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { ApiError } from '../api/client';

export function Problem({ error, title }: { error: unknown; title?: string }) {
  const ours = error instanceof ApiError ? error : null;
  return (
    <Alert color="red" variant="light" icon={<IconAlertCircle aria-hidden />} title={title ?? ours?.reason} role="alert">
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>{error instanceof Error ? error.message : String(error)}</Text>
      {ours?.hint && <Text size="sm" mt={4}>{ours.hint}</Text>}
      {ours?.body.context.request_id && <Text size="xs" mt={4} c="dimmed">request {ours.body.context.request_id}</Text>}
    </Alert>
  );
}
