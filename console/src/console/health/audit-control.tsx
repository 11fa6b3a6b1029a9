// Starts and stops an audit, and shows how far it is.
import { Button, Group, Text } from '@mantine/core';
import { IconListSearch, IconPlayerStop } from '@tabler/icons-react';
import { useAudit } from '../api/queries';
import type { Audit } from '../api/types';
import { useStartAudit, useStopAudit } from './actions';
import { Bar } from './bar';

export function AuditControl({ compact = false }: { compact?: boolean }) {
  const { data } = useAudit();
  const [start, stop] = [useStartAudit(), useStopAudit()];
  if (data?.state !== 'running') {
    return (
      <Button size="xs" variant="default" leftSection={<IconListSearch size={14} aria-hidden />} loading={start.isPending}
        onClick={() => start.mutate(undefined)}>Audit all keys</Button>
    );
  }
  return (
    <Group gap="xs" wrap="nowrap" flex={compact ? undefined : 1}>
      <Done audit={data} compact={compact} />
      <Button size="xs" variant="default" leftSection={<IconPlayerStop size={14} aria-hidden />} loading={stop.isPending}
        onClick={() => stop.mutate()}>Stop</Button>
    </Group>
  );
}

function Done({ audit, compact }: { audit: Audit; compact: boolean }) {
  const { done, total, current } = audit;
  const within = current?.expected ? Math.min(1, current.rows / current.expected) : 0;
  const percent = total ? Math.round((100 * (done + within)) / total) : 0;
  const about = current?.expected ? ` of about ${current.expected.toLocaleString('en')}` : '';
  const text = `${done} of ${total} keys${current && !compact ? `, ${current.key}: ${current.rows.toLocaleString('en')}${about} rows` : ''}`;
  return (
    <Group gap="xs" flex={1} wrap="nowrap" miw={0}>
      <Bar label="Progress of the audit" text={text} percent={percent} width={compact ? 90 : undefined} />
      <Text size="xs" c="dimmed" style={compact ? { whiteSpace: 'nowrap' } : undefined}>{text}</Text>
    </Group>
  );
}
