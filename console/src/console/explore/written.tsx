// The requests as they are written, each to copy and to run, and what the last one answered.
import { Button, Code, Group, Stack, Text, Title } from '@mantine/core';
import { IconExternalLink, IconPlayerPlay } from '@tabler/icons-react';
import type { Catalog, Table } from '../api/types';
import type { ViewState } from '../data/state';
import { curlLine } from '../data/to-rest';
import { CodeBlock } from '../parts/code';
import { Problem } from '../parts/problem';
import type { Embed } from './embeds';
import { graphqlRequest, restRequest } from './requests';
import { useRun, type Answer } from './run';
import classes from './explore.module.css';

interface Props { catalog: Catalog; table: Table; state: ViewState; embeds: Embed[] }

export function Requests({ catalog, table, state, embeds }: Props) {
  const url = restRequest(catalog, table, state, embeds);
  const query = graphqlRequest(catalog, table, state, embeds);
  const run = useRun();
  return (
    <Stack gap="md">
      <Written title="REST" actions={<Run what="REST" onClick={() => run.mutate({ url })} busy={run.isPending} />}>
        <div className={classes.line}><CodeBlock label="REST address">{url}</CodeBlock></div>
        <div className={classes.line}><CodeBlock label="curl line">{curlLine(location.origin, url)}</CodeBlock></div>
      </Written>
      <Written title="GraphQL" actions={query && (
        <>
          <Button component="a" href={`/graphql?query=${encodeURIComponent(query)}`} target="_blank" size="compact-xs" variant="default"
            rightSection={<IconExternalLink size={12} aria-hidden />}>Open in GraphiQL</Button>
          <Run what="GraphQL" onClick={() => run.mutate({ url: '/graphql', query })} busy={run.isPending} />
        </>
      )}>
        {query ? <CodeBlock label="GraphQL query">{query}</CodeBlock> : <Text size="sm"
          c="dimmed">GraphQL does not have this table: see the log for the reason.</Text>}
      </Written>
      {run.error && <Problem error={run.error} title="No answer" />}
      {run.data && <Shown answer={run.data} of={run.variables} />}
    </Stack>
  );
}

function Written({ title, actions, children }: { title: string; actions: React.ReactNode; children: React.ReactNode }) {
  return (
    <section aria-label={title}>
      <Group justify="space-between" mb={4} gap="xs">
        <Title order={2} size="h6">{title}</Title>
        <Group gap={6}>{actions}</Group>
      </Group>
      <Stack gap={6}>{children}</Stack>
    </section>
  );
}

function Run({ what, onClick, busy }: { what: string; onClick: () => void; busy: boolean }) {
  return <Button size="compact-xs" variant="default" leftSection={<IconPlayerPlay size={12} aria-hidden />} onClick={onClick} loading={busy}
    aria-label={`Run ${what}`}>Run</Button>;
}

function Shown({ answer: { status, milliseconds, text, cut }, of }: { answer: Answer; of?: { query?: string } }) {
  return (
    <section aria-label="Answer">
      <Group gap="sm" mb={4} role="status">
        <Title order={2} size="h6">Answer</Title>
        <Text size="xs" c={status >= 400 ? 'var(--mantine-color-error)' : 'dimmed'}>
          {of?.query === undefined ? 'REST' : 'GraphQL'}, status {status}, {milliseconds.toFixed(0)} ms{cut && ', cut'}
        </Text>
      </Group>
      <Code block className={classes.answer} tabIndex={0} role="region" aria-label="Answer as JSON">{text}</Code>
    </section>
  );
}
