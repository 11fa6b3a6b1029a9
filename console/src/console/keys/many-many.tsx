// An entry that names the relationship over a junction.
import { Select, SimpleGrid, Stack } from '@mantine/core';
import { tableOf } from '../api/queries';
import type { Catalog, Draft } from '../api/types';
import { SearchedSelect } from '../parts/searched';
import { Names } from './options';

interface Props { catalog: Catalog; draft: Draft; change: (members: Partial<Draft>) => void; faultAt: (member: string) => React.ReactNode }

export function ManyMany({ catalog, draft, change, faultAt }: Props) {
  const tables = catalog.tables.map(({ id }) => id);
  const junction = tableOf(catalog, draft.through ?? '');
  const keys = [...new Set(junction?.relationships.filter(({ kind }) => kind === 'belongs_to').map(({ name }) => name))];
  const said = draft.keys ?? [];
  const setKey = (at: number, key: string | null) => {
    const next = [said[0] ?? '', said[1] ?? ''];
    next[at] = key ?? '';
    change({ keys: next.some(Boolean) ? next : null });
  };
  return (
    <Stack gap="sm">
      <SearchedSelect label="Table" description="One of the two tables that the junction relates" data={known(tables, draft.table)}
        value={draft.table ?? null} allowDeselect={false} clearable
        placeholder="words of its name" error={faultAt('table')} onChange={(table) => change({ table: table ?? undefined })} />
      <SearchedSelect label="Through" description="The junction, a table with keys to both" data={known(tables, draft.through)}
        value={draft.through ?? null} allowDeselect={false} clearable
        placeholder="words of its name" error={faultAt('through')}
        onChange={(through) => change({ through: through ?? undefined, keys: null })} />
      <Names {...{ draft, change, faultAt }} names={null} seen={['this table', 'the other table']} />
      {(keys.length > 2 || said.length > 0) && (
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <Select label="Key to this table" data={known(keys, said[0])} value={said[0] || null} clearable error={faultAt('keys')}
            onChange={(key) => setKey(0, key)} />
          <Select label="Key to the other table" data={known(keys, said[1])} value={said[1] || null} clearable onChange={(key) => setKey(1, key)} />
        </SimpleGrid>
      )}
    </Stack>
  );
}

// What the entry says can be chosen even where the catalog does not have it.
const known = (names: string[], said?: string) => (said && !names.includes(said) ? [said, ...names] : names);
