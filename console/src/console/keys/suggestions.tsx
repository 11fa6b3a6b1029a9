// Keys that nobody wrote down, found by looking at values.
import { Button, Group, Loader, Modal, Stack, Table, Text } from '@mantine/core';
import { useLocation } from 'wouter';
import { links } from '../links';
import { Problem } from '../parts/problem';
import { Scroll } from '../parts/scroll';
import { useSuggestions, type Suggestion } from './changes';

export function Suggestions({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { data, error, isFetching, refetch } = useSuggestions(opened);
  return (
    <Modal opened={opened} onClose={onClose} size="xl" title="Suggested keys" closeButtonProps={{ 'aria-label': 'Close' }}>
      {isFetching ? <Group gap="xs" role="status"><Loader size="xs" aria-hidden /><Text
        size="sm">Looking values up in all databases. This may take some seconds.</Text></Group>
        : error ? <Stack><Problem error={error} /><Group><Button variant="default" size="xs"
          onClick={() => refetch()}>Try again</Button></Group></Stack>
          : data?.length ? <Found suggestions={data} />
            : <Text size="sm">No further columns have values that are found in a unique column of another table.</Text>}
    </Modal>
  );
}

function Found({ suggestions }: { suggestions: Suggestion[] }) {
  const [, go] = useLocation();
  return (
    <Scroll label="Suggested keys" minWidth={520}>
      <Table fz="sm" aria-label="Suggested keys">
        <Table.Thead><Table.Tr><Table.Th>Key</Table.Th><Table.Th>Evidence</Table.Th><Table.Th /></Table.Tr></Table.Thead>
        <Table.Tbody>
          {suggestions.map(({ column, references, evidence, indexed }) => (
            <Table.Tr key={`${column} ${references}`}>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{column}<br /><Text span c="dimmed" inherit>→</Text> {references}</Table.Td>
              <Table.Td><Text size="xs">{evidence}</Text>{!indexed && <Text size="xs"
                c="dimmed">The referencing column has no index.</Text>}</Table.Td>
              <Table.Td ta="right">
                <Button size="compact-xs" variant="default" onClick={() => go(links.newKey({ column, references }))}
                  aria-label={`Use ${column} to ${references}`}>Use</Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  );
}
