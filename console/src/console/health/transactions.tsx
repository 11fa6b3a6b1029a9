// Writes that are decided and not done everywhere; those that do not fit any more wait for a person.
import { useState } from 'react';
import { useDisclosure } from '@mantine/hooks';
import { Badge, Button, Group, Loader, Modal, Table, Text } from '@mantine/core';
import { useTransactions } from '../api/queries';
import type { Transaction } from '../api/types';
import { Problem } from '../parts/problem';
import { Scroll } from '../parts/scroll';
import { useVerdict, type Verdict } from './actions';

type Asked = { transaction: Transaction; action: Verdict };

export function Transactions() {
  const { data, error } = useTransactions();
  // Stays known while the dialog closes, which gives the focus back.
  const [asked, setAsked] = useState<Asked | null>(null);
  const [opened, dialog] = useDisclosure();
  const ask = (next: Asked) => { setAsked(next); dialog.open(); };
  if (!data) return error ? <Problem error={error} /> : <Loader size="sm" role="status" aria-label="Loading" />;
  return (
    <>
      {data.resource.length > 0 && <List transactions={data.resource} ask={ask} />}
      {data.unknown.length > 0 && <Unknown sources={data.unknown} />}
      {!data.resource.length && !data.unknown.length && <Text size="sm" c="dimmed">None: every write is done everywhere.</Text>}
      <Confirm asked={asked} opened={opened} onClose={dialog.close} />
    </>
  );
}

/** What their journals hold is not known, so that it cannot be said that nothing waits. */
const Unknown = ({ sources }: { sources: string[] }) => (
  <Text size="sm" role="status">Not known for {sources.join(', ')}: {sources.length === 1 ? 'it does not answer' : 'they do not answer'}.</Text>
);

function List({ transactions, ask }: { transactions: Transaction[]; ask: (asked: Asked) => void }) {
  return (
    <Scroll label="Writes that wait" minWidth={720}>
      <Table fz={13} aria-label="Writes that wait">
        <Table.Thead>
          <Table.Tr>{['Write', 'State', 'Decided', 'Left to do', 'Attempts', 'Last error', ''].map((head) => <Table.Th
            key={head}>{head}</Table.Th>)}</Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {transactions.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td ff="monospace" fz="xs" style={{ overflowWrap: 'anywhere' }} maw={170}>{one.id}</Table.Td>
              <Table.Td><Badge variant="light" c="inherit" color={one.state === 'conflicted' ? 'red' : 'blue'} size="sm" tt="none"
                miw="max-content">{one.state}</Badge></Table.Td>
              <Table.Td><time dateTime={one.decided_at}>{age(one.decided_at)} ago</time> <Text span size="xs"
                c="dimmed">by {one.source}</Text></Table.Td>
              <Table.Td>{one.parts.map(({ source, operations }) => `${source}: ${count(operations)}`).join(', ')}</Table.Td>
              <Table.Td>{one.attempts}</Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }} maw={260}><Text size="xs">{one.last_error}</Text></Table.Td>
              <Table.Td>
                <Group gap={6} wrap="nowrap" justify="flex-end">
                  <Button size="compact-xs" variant="default" onClick={() => ask({ transaction: one, action: 'retry' })}>Retry</Button>
                  <Button size="compact-xs" variant="default" c="var(--mantine-color-error)"
                    onClick={() => ask({ transaction: one, action: 'discard' })}>Discard</Button>
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  );
}

const MEANS: Record<Verdict, string> = {
  retry: 'What is left of the write is tried again, once. If its rows still do not fit, it stays here.',
  discard: 'What is left of the write is given up for good; what is done of it stays. The databases may then disagree: an audit finds '
    + 'references that lead nowhere.',
};

function Confirm({ asked, opened, onClose }: { asked: Asked | null; opened: boolean; onClose: () => void }) {
  const verdict = useVerdict();
  const { transaction, action } = asked ?? { transaction: null, action: 'retry' as const };
  return (
    <Modal opened={opened} onClose={onClose} title={action === 'retry' ? 'Try the write again?' : 'Give up the rest of the write?'}
      closeButtonProps={{ 'aria-label': 'Close' }}>
      <Text size="sm">{MEANS[action]}</Text>
      <Text size="xs" c="dimmed" mt="xs" style={{ overflowWrap: 'anywhere' }}>{transaction?.id}{transaction?.last_error && `: ${transaction.last_error}`}</Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose} data-autofocus>Cancel</Button>
        <Button color={action === 'discard' ? 'red.9' : undefined} loading={verdict.isPending}
          onClick={() => transaction && verdict.mutate({ id: transaction.id, action }, { onSettled: onClose })}>
          {action === 'retry' ? 'Retry' : 'Discard'}
        </Button>
      </Group>
    </Modal>
  );
}

const count = (operations: unknown[]) => `${operations.length} ${operations.length === 1 ? 'change' : 'changes'}`;

function age(at: string) {
  const seconds = Math.max(0, (Date.now() - Date.parse(at)) / 1000);
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 129_600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
