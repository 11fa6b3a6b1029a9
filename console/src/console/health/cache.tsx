// The memory of the cache, and whether the key file as it stands is in use.
import { Anchor, Group, Text } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { Link } from 'wouter';
import type { Health } from '../api/types';
import { links } from '../links';
import { Notice } from '../parts/notice';
import { Bar } from './bar';
import { Part } from './part';

export function Cache({ health: { cache, lanes } }: { health: Health }) {
  return (
    <Part title="Cache and lookups">
      <Group gap="xl">
        {cache ? <Memory {...cache} /> : <Text size="sm" c="dimmed">No rows are remembered.</Text>}
        <Text size="sm">
          <b>{lanes.count}</b> {lanes.count === 1 ? 'lane' : 'lanes'} under way, <b>{lanes.keys}</b> {lanes.keys === 1 ? 'key' : 'keys'} waiting
        </Text>
      </Group>
    </Part>
  );
}

function Memory({ bytes: used, max_bytes: most }: NonNullable<Health['cache']>) {
  const text = `${bytes(used)} of ${bytes(most)}`;
  return (
    <Group gap="sm">
      <Bar label="Memory of the cache" text={text} percent={most ? (100 * used) / most : 0} width={260} />
      <Text size="sm">{text}</Text>
    </Group>
  );
}

const MEANS = {
  refused: 'The key file was changed and is not in use: it has faults. What was loaded before goes on.',
  incomplete: 'Some entries of the key file do not fit the databases. They are left out, and nothing is written until they do.',
};

export function ConfigState({ config }: { config: Health['config'] }) {
  if (config.state === 'ok') return null;
  return (
    <Notice color="red" icon={<IconAlertCircle aria-hidden />} title="Key file">
      <Text size="sm">{MEANS[config.state]} <Anchor component={Link} href={links.keys()} size="sm" underline="always">Keys</Anchor></Text>
      {config.message && <Text size="xs" ff="monospace" mt={4} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{config.message}</Text>}
    </Notice>
  );
}

function bytes(count: number) {
  const unit = ['B', 'kB', 'MB', 'GB'].findLast((_, at) => count >= 1024 ** at) ?? 'B';
  const scaled = count / 1024 ** ['B', 'kB', 'MB', 'GB'].indexOf(unit);
  return `${scaled >= 100 || unit === 'B' ? scaled.toFixed(0) : scaled.toFixed(1)} ${unit}`;
}
