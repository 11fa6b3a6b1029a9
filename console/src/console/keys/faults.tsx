// What is wrong with an entry, or with the file: what, how to mend it, and where.
import { Anchor, List, Text } from '@mantine/core';
import { IconAlertCircle, IconAlertTriangle } from '@tabler/icons-react';
import { Link } from 'wouter';
import type { Entry, Fault } from '../api/types';
import { links } from '../links';
import { Notice } from '../parts/notice';

/** What a field shows of the faults of its member; warnings do not make a field wrong. */
export const faultsAt = (faults: Fault[]) => (member: string) => {
  const mine = faults.filter((fault) => fault.member === member && fault.severity === 'error');
  return mine.length ? mine.map(({ message, hint }, at) => <span key={at}>{message}{hint && `: ${hint}`}{at < mine.length - 1 && <br
    />}</span>) : undefined;
};

export function Faults({ faults, entries, title }: { faults: Fault[]; entries?: Entry[]; title?: string }) {
  if (!faults.length) return null;
  const errors = faults.some(({ severity }) => severity === 'error');
  const Icon = errors ? IconAlertCircle : IconAlertTriangle;
  return (
    <Notice color={errors ? 'red' : 'orange'} icon={<Icon aria-hidden />} title={title}>
      <List size="sm" spacing={4} listStyleType="none" styles={{ itemWrapper: { display: 'block' } }}>
        {faults.map((fault, at) => (
          <List.Item key={at} style={{ overflowWrap: 'anywhere' }}>
            <Text span size="sm" fw={600}>{fault.severity === 'error' ? 'Error' : 'Warning'}: </Text>{fault.message}
            {fault.place && <Text span size="xs" c="dimmed"> {fault.place}</Text>} <Its fault={fault} entries={entries} />
            {fault.hint && <Text size="sm" c="dimmed">{fault.hint}</Text>}
          </List.Item>
        ))}
      </List>
    </Notice>
  );
}

function Its({ fault, entries = [] }: { fault: Fault; entries?: Entry[] }) {
  const entry = entryAt(fault, entries);
  return entry ? <Anchor component={Link} href={links.key(entry.entry)} size="sm" underline="always">open the entry</Anchor> : null;
}

/** The entry that a place of the file lies in: the last one that begins before it. */
export function entryAt({ place }: Fault, entries: Entry[]): Entry | undefined {
  const [, file, line] = /^(.*):(\d+):\d+$/.exec(place ?? '') ?? [];
  const holds = ({ line: first, text }: Entry) => first <= Number(line) && Number(line) < first + text.trimEnd().split('\n').length;
  const before = entries.filter((one) => sameFile(one.file, file) && holds(one));
  return before.sort((a, b) => b.line - a.line)[0];
}

const sameFile = (one: string, other = '') => one === other || one.endsWith(`/${other}`) || other.endsWith(`/${one}`);
