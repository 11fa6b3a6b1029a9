// How one came here by relationships: kept with the entry of the browser's history, so that Back and reload know it.
import { Group, Text } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useHistoryState } from 'wouter/use-browser-location';
import { Go } from './go';

export interface Stop {
  /** `contact Schneider`. */
  label: string;
  to: string;
  /** The relationship that was followed from there. */
  by: string;
}

const LONGEST = 6;
// The same one each time, so that nothing is drawn anew for it.
const NOWHERE: Stop[] = [];

export function useTrail(): Stop[] {
  const state: unknown = useHistoryState();
  const trail = state && typeof state === 'object' && 'trail' in state ? state.trail : null;
  return Array.isArray(trail) ? trail as Stop[] : NOWHERE;
}

/** Where a link to a relationship's rows leads, and what it remembers. Whoever comes back to a stop goes on from it. */
export function onwards(trail: Stop[], stop: Stop): { trail: Stop[] } {
  const seen = trail.findIndex(({ to }) => to === stop.to);
  return { trail: [...(seen < 0 ? trail : trail.slice(0, seen)), stop].slice(-LONGEST) };
}

export function Trail() {
  const trail = useTrail();
  if (!trail.length) return null;
  return (
    <Group component="nav" aria-label="The way here" gap={4} wrap="wrap">
      <Text size="xs" c="dimmed">from</Text>
      {trail.map(({ label, to, by }, at) => (
        <Group key={`${to} ${by}`} gap={4} wrap="nowrap" maw="100%">
          {at > 0 && <IconChevronRight size={12} aria-hidden color="var(--mantine-color-dimmed)" />}
          <Text size="xs" truncate><Go to={to} trail={trail.slice(0, at)}>{label}</Go></Text>
          <Text size="xs" c="dimmed" truncate>{by}</Text>
        </Group>
      ))}
    </Group>
  );
}
