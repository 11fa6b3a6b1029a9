// A table's name with its source's colour.
import { Box, Group, Text } from '@mantine/core';
import { useCatalog } from '../api/queries';
import { sourceColour } from '../theme';

export function SourceDot({ source, size = 10 }: { source: string; size?: number }) {
  const { data } = useCatalog();
  return <Box component="span" aria-hidden w={size} h={size} bg={`${sourceColour(data?.sources ?? [], source)}.6`}
    style={{ borderRadius: '50%', flex: 'none', display: 'inline-block' }} />;
}

export function TableName({ id, size = 'sm' }: { id: string; size?: string }) {
  const source = id.split('.')[0]!;
  return (
    <Group gap={6} wrap="nowrap" component="span" display="inline-flex">
      <SourceDot source={source} />
      <Text component="span" size={size}><Text component="span" c="dimmed" inherit>{source}.</Text>{id.slice(source.length + 1)}</Text>
    </Group>
  );
}
