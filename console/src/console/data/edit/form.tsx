// One form of the stack: reads the row and shows its fields.
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Alert, Box, Button, Center, Group, Kbd, Loader, Text } from '@mantine/core';
import type { Catalog, JsonObject } from '../../api/types';
import { useCatalog } from '../../api/queries';
import { Problem } from '../../parts/problem';
import { Fields } from './fields';
import { KeyChange } from './key-change';
import type { Aim } from './stack';
import { useDraft } from './use-draft';
import { useSave } from './use-save';
import { readRow } from '../../api/rest';
import { writeName } from './write';

interface Props {
  aim: Aim;
  /** It gives its row to the form beneath. */
  nested: boolean;
  top: boolean;
  onBack: () => void;
  onSaved: (row: JsonObject) => void;
  onChanged: (changed: boolean) => void;
}

export function Form(props: Props) {
  const { aim } = props;
  const catalog = useCatalog();
  const number = useRef(writeName());
  const row = useQuery({
    // The form begins with the row as it is now, and is not disturbed by what happens to it later.
    queryKey: ['form', number.current],
    queryFn: ({ signal }) => (aim.does === 'edit' ? readRow(aim.table, aim.id, { fields: '*', refresh: 'true' }, signal) : {}),
    staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false, refetchOnReconnect: false,
  });
  const error = row.error ?? catalog.error;
  if (error) return <Box p="md"><Problem error={error} /><Button mt="md" variant="default" onClick={props.onBack}>Back</Button></Box>;
  if (!row.data || !catalog.data) return <Center h={200}><Loader aria-label="Loading the row" /></Center>;
  return <Filled {...props} row={row.data} catalog={catalog.data} />;
}

function Filled({ aim, nested, top, row: read, catalog, onBack, onSaved, onChanged }: Props & { row: JsonObject; catalog: Catalog }) {
  // Changes are told from the row that the form began with, whatever is read later.
  const [row] = useState(read);
  const box = useRef<HTMLDivElement>(null);
  const draft = useDraft(aim, row);
  const save = useSave({ aim, row, catalog, draft, nested, box, onSaved });
  const { changed } = draft;
  useEffect(() => onChanged(changed.length > 0), [changed.length, onChanged]);
  useEffect(() => {
    // After the panel's own first focus, which is its close button.
    const timer = setTimeout(() => box.current?.querySelector<HTMLElement>('.edit-control :is(input, textarea, select):not(:disabled)')?.focus(), 30);
    return () => clearTimeout(timer);
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    void save.start();
  };
  const { table } = aim;
  return (
    <Box ref={box} className="edit-form" onKeyDown={onKeyDown}>
      <Box className="edit-body" pt="xs">
        {table.read_only && (
          <Alert color="yellow" mb="xs">
            {table.view ? `${table.id} is a view` : `The source ${table.source} is read-only`}: nothing can be saved here.
          </Alert>
        )}
        {save.problem !== null && <Box mb="xs"><Problem error={save.problem} /></Box>}
        <Fields aim={aim} catalog={catalog} draft={draft} />
      </Box>
      <Group className="edit-foot" gap="xs" justify="space-between">
        <Text size="xs" c="dimmed" aria-live="polite">{told(aim, changed.length)}</Text>
        <Group gap="xs">
          <Button variant="default" onClick={onBack} disabled={save.busy}>{nested ? 'Back' : 'Cancel'}</Button>
          <Button loading={save.busy} disabled={table.read_only} onClick={() => void save.start()}
            aria-keyshortcuts="Control+Enter" rightSection={<Kbd size="xs" visibleFrom="sm">Ctrl ↵</Kbd>}>
            {nested ? 'Save and connect' : 'Save'}
          </Button>
        </Group>
      </Group>
      {top && save.preview && <KeyChange preview={save.preview} busy={save.busy} onConfirm={() => void save.confirm()} onClose={save.dismiss} />}
    </Box>
  );
}

function told({ does }: Aim, changed: number) {
  if (does === 'create') return changed ? `${changed} ${changed === 1 ? 'field' : 'fields'} filled in` : 'Nothing filled in yet';
  return changed ? `${changed} ${changed === 1 ? 'change' : 'changes'}, not saved` : 'No changes';
}
