// References that lead nowhere, key by key.
import { useEffect, useRef, useState } from 'react';
import { Anchor, Button, Group, Loader, Switch, Table, Text, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { Link } from 'wouter';
import { useAudit, useCatalog } from '../api/queries';
import type { Audit, AuditReport, Catalog } from '../api/types';
import { Orphans } from '../keys/sample';
import { links } from '../links';
import { Problem } from '../parts/problem';
import { Scroll } from '../parts/scroll';
import { useSearchParams } from '../parts/search-params';
import { AuditControl } from './audit-control';
import { saveCsv, saveJson } from './export';
import { Part } from './part';

export function AuditPart() {
  const { data, error } = useAudit();
  return (
    <Part title="Audit" note={data && summary(data)} aside={<Aside audit={data} />}>
      {data ? <Results audit={data} /> : error ? <Problem error={error} /> : <Loader size="sm" role="status" aria-label="Loading" />}
    </Part>
  );
}

function Aside({ audit }: { audit?: Audit }) {
  const some = audit && audit.reports.length > 0 && audit.state !== 'running';
  return (
    <Group gap="xs" ml="auto" flex={audit?.state === 'running' ? 1 : undefined} miw={audit?.state === 'running' ? 280 : undefined}>
      {some && <Button size="xs" variant="default" onClick={() => saveJson(audit)}>Save as JSON</Button>}
      {some && <Button size="xs" variant="default" onClick={() => saveCsv(audit)}>Save as CSV</Button>}
      <AuditControl />
    </Group>
  );
}

function Results({ audit }: { audit: Audit }) {
  const { data: catalog } = useCatalog();
  const [params, setParams] = useSearchParams();
  const only = params.has('orphans');
  const show = (some: boolean) => setParams((now) => { if (some) now.set('orphans', '1'); else now.delete('orphans'); return now; }, { replace: true });
  if (!catalog || !audit.reports.length) return <Text size="sm"
    c="dimmed">An audit looks every reference of every key up, and finds those that lead nowhere. Rows are only read.</Text>;
  const reports = audit.reports.filter(({ orphans, error }) => !only || orphans || error);
  return (
    <>
      <Switch size="xs" mb={4} label="Only keys with orphans" checked={only}
        onChange={(event) => show(event.currentTarget.checked)} />
      <Scroll label="Results of the audit" minWidth={640}>
        <Table fz={13} aria-label="Results of the audit">
          <Table.Thead>
            <Table.Tr><Table.Th>Key</Table.Th>{['Rows', 'References', 'Orphans'].map((head) => <Table.Th key={head}
              ta="right">{head}</Table.Th>)}<Table.Th /></Table.Tr>
          </Table.Thead>
          <Table.Tbody>{reports.map((report) => <Report key={report.id} catalog={catalog} report={report}
            picked={params.get('key') === report.id} />)}</Table.Tbody>
        </Table>
      </Scroll>
      {only && !reports.length && <Text size="sm" c="dimmed">No key has orphans.</Text>}
    </>
  );
}

function Report({ catalog, report, picked }: { catalog: Catalog; report: AuditReport; picked: boolean }) {
  const [open, setOpen] = useState(picked);
  const place = useRef<HTMLTableRowElement>(null);
  useEffect(() => { if (picked) place.current?.scrollIntoView({ block: 'center' }); }, [picked]);
  const key = catalog.keys.find(({ id }) => id === report.id);
  const text = `${report.column.join(', ')} → ${report.references.join(', ')}`;
  const Icon = open ? IconChevronDown : IconChevronRight;
  return (
    <>
      <Table.Tr ref={place}>
        <Table.Td style={{ overflowWrap: 'anywhere' }}>
          {report.samples.length > 0
            ? <UnstyledButton onClick={() => setOpen(!open)} aria-expanded={open} fz="inherit"><Group gap={4} wrap="nowrap"><Icon size={14}
              aria-hidden />{text}</Group></UnstyledButton>
            : <span style={{ paddingLeft: 18, display: 'block' }}>{text}</span>}
        </Table.Td>
        <Table.Td ta="right">{report.rows.toLocaleString('en')}</Table.Td>
        <Table.Td ta="right">{report.checked.toLocaleString('en')}</Table.Td>
        <Table.Td ta="right" c={report.orphans ? 'var(--mantine-color-error)' : undefined}
          fw={report.orphans ? 600 : undefined}>{report.orphans.toLocaleString('en')}</Table.Td>
        <Table.Td>
          {report.error ? <Text size="xs" c="var(--mantine-color-error)">{report.error}</Text>
            : key?.entry ? <Anchor component={Link} href={links.key(key.entry)} size="xs" aria-label={`Entry of ${text}`}>entry</Anchor>
              : <Text size="xs" c="dimmed">{report.native ? 'of the database' : ''}</Text>}
        </Table.Td>
      </Table.Tr>
      {open && report.samples.length > 0 && (
        <Table.Tr><Table.Td colSpan={5} pl={34}><Orphans catalog={catalog} table={key?.referencing.table ?? ''} columns={report.column}
          rows={report.samples} /></Table.Td></Table.Tr>
      )}
    </>
  );
}

function summary({ state, reports, finished_at, done, total }: Audit) {
  if (state === 'never') return 'Not run since the proxy began.';
  if (state === 'running') return '';
  const orphans = reports.reduce((sum, report) => sum + report.orphans, 0);
  const when = finished_at ? ` ${new Date(finished_at).toLocaleTimeString('en-GB')}` : '';
  const end = state === 'stopped' ? `Stopped after ${done} of ${total} keys` : 'Done';
  return `${end}${when}: ${orphans.toLocaleString('en')} ${orphans === 1 ? 'orphan' : 'orphans'}.`;
}
