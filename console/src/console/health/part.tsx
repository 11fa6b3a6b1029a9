// A part of the health view.
import { useId } from 'react';
import { Box, Group, Text, Title } from '@mantine/core';

export function Part({ title, note, aside, children }: { title: string; note?: string; aside?: React.ReactNode; children: React.ReactNode }) {
  const id = useId();
  return (
    <Box component="section" aria-labelledby={id}>
      <Group gap="sm" mb={6} align="center">
        <Title order={2} size="h5" id={id}>{title}</Title>
        {note && <Text size="xs" c="dimmed">{note}</Text>}
        {aside}
      </Group>
      {children}
    </Box>
  );
}
