// The relationships of a table: which to embed, and what of them.
import { Checkbox, Fieldset, Group, Stack, Text } from '@mantine/core';
import { tableOf } from '../api/queries';
import type { Catalog, Relationship, Table } from '../api/types';
import { SearchedMultiSelect } from '../parts/searched';
import type { Embed } from './embeds';

interface Props { catalog: Catalog; table: Table; embeds: Embed[]; onChange: (embeds: Embed[]) => void }

export function EmbedList({ catalog, table, embeds, onChange }: Props) {
  if (!table.relationships.length) return null;
  const set = (name: string, embed: Embed | null) => {
    const others = embeds.filter(({ relationship }) => relationship.name !== name);
    const at = embeds.findIndex(({ relationship }) => relationship.name === name);
    onChange(!embed ? others : at < 0 ? [...embeds, embed] : embeds.toSpliced(at, 1, embed));
  };
  return (
    <Fieldset legend="Embed" variant="unstyled" styles={{ legend: { fontSize: 'var(--mantine-font-size-sm)', fontWeight: 500, marginBottom: 4 } }}>
      <Stack gap={8}>
        {table.relationships.map((relationship) => (
          <One key={relationship.name} catalog={catalog} relationship={relationship}
            embed={embeds.find((one) => one.relationship.name === relationship.name)}
            onChange={(embed) => set(relationship.name, embed)} />
        ))}
      </Stack>
    </Fieldset>
  );
}

interface OneProps { catalog: Catalog; relationship: Relationship; embed?: Embed; onChange: (embed: Embed | null) => void }

function One({ catalog, relationship, embed, onChange }: OneProps) {
  const { name, target, many, kind } = relationship;
  const columns = tableOf(catalog, target)?.columns.map((column) => column.name) ?? [];
  return (
    <div>
      <Checkbox size="sm" checked={Boolean(embed)} onChange={() => onChange(embed ? null : { relationship, count: false, fields: [] })}
        label={<span style={{ overflowWrap: 'anywhere' }}>{name} <Text span size="xs" c="dimmed">{many ? 'rows' : 'row'} of {target}</Text></span>} />
      {embed && (
        <Group gap="sm" pl={28} mt={4} wrap="nowrap" align="center">
          {!embed.count && (
            <SearchedMultiSelect size="xs" flex={1} miw={0} data={columns} value={embed.fields.filter((field) => columns.includes(field))}
              clearable aria-label={`Fields of ${name}`}
              placeholder={embed.fields.length ? undefined : 'all fields'} onChange={(fields) => onChange({ ...embed, fields })} />
          )}
          {many && kind !== 'belongs_to' && <Checkbox size="xs" label="only count" aria-label={`Only count ${name}`} checked={embed.count}
            onChange={(event) => onChange({ ...embed, count: event.currentTarget.checked })} />}
        </Group>
      )}
    </div>
  );
}
