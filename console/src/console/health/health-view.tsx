// Health: how the sources, the cache and the key file are, which writes wait, and which references lead nowhere.
import { Box, Center, Container, Loader, Stack, Text } from '@mantine/core';
import { ApiError } from '../api/client';
import { useHealth } from '../api/queries';
import { Problem } from '../parts/problem';
import { AuditPart } from './audit';
import { Cache, ConfigState } from './cache';
import { Part } from './part';
import { Slow } from './slow';
import { Sources } from './sources';
import { Transactions } from './transactions';

export function HealthView() {
  const { data, error } = useHealth();
  if (!data) return error ? <Refused error={error} /> : <Center h="50vh"><Loader role="status" aria-label="Loading" /></Center>;
  return (
    <Stack p="md" gap="lg">
      {error && <Problem error={error} title="What is shown is not of now" />}
      <ConfigState config={data.config} />
      <Part title="Sources"><Sources sources={data.sources} /></Part>
      <Cache health={data} />
      <Part title="Slow lookups and pages" note="The slowest of the last hour."><Slow slow={data.slow} /></Part>
      <Part title="Writes that wait" note="Writes of several databases that are decided, and not done everywhere yet."><Transactions /></Part>
      <AuditPart />
      <Text size="xs" c="dimmed">Crosskey {data.version}, up for {span(data.uptime)}. Asked every five seconds.</Text>
    </Stack>
  );
}

function Refused({ error }: { error: Error }) {
  const closed = error instanceof ApiError && error.status === 403;
  return (
    <Container size="sm" py="xl">
      {closed ? (
        <Box>
          <Problem error={error} title="Health is not shown at this address" />
          <Text size="sm" mt="sm">
            The proxy does not listen on a loopback address, so anybody might ask. It shows its sources, writes and audits only to who is on the same machine.
          </Text>
        </Box>
      ) : <Problem error={error} />}
    </Container>
  );
}

function span(seconds: number) {
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  return days ? `${days} d ${hours} h` : hours ? `${hours} h ${minutes} min` : minutes ? `${minutes} min` : `${Math.floor(seconds)} s`;
}
