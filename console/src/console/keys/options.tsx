// What else a key says beside its columns.
import { Checkbox, Select, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import type { Catalog, Draft } from '../api/types';
import { COMPARE, ENFORCE, ON_DELETE, ON_UPDATE, type Meaning } from './choices';
import { When } from './when';

interface Props {
  catalog: Catalog;
  draft: Draft;
  change: (members: Partial<Draft>) => void;
  faultAt: (member: string) => React.ReactNode;
  /** The names that relationships have when none is given. */
  names: { name: string; inverse: string } | null;
}

export function Options({ catalog, draft, change, faultAt, names }: Props) {
  return (
    <Stack gap="sm">
      <Names {...{ draft, change, faultAt, names }} />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="sm">
        <Choose label="On delete" member="on_delete" meanings={ON_DELETE} {...{ draft, change, faultAt }} />
        <Choose label="On update" member="on_update" meanings={ON_UPDATE} {...{ draft, change, faultAt }} />
        <Choose label="Enforce" member="enforce" meanings={ENFORCE} {...{ draft, change, faultAt }} />
        <Choose label="Compare" member="compare" meanings={COMPARE} {...{ draft, change, faultAt }} />
      </SimpleGrid>
      <Checkbox label="The referenced columns are unique although the database does not say so" checked={draft.unique === 'assumed'}
        error={faultAt('unique')}
        description={<>Writes <code>unique = "assumed"</code>: for views, and for columns without a unique index.</>}
        onChange={(event) => change({ unique: event.currentTarget.checked ? 'assumed' : null })} />
      <When {...{ catalog, draft, change }} error={faultAt('when')} />
    </Stack>
  );
}

export function Names({ draft, change, faultAt, names, seen }: Omit<Props, 'catalog'> & { seen?: [string, string] }) {
  const [near, far] = seen ?? ['the referencing table', 'the referenced table'];
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
      <TextInput label="Name" description={`Seen from ${near}`} placeholder={names?.name} value={draft.name ?? ''} error={faultAt('name')}
        spellCheck={false} autoComplete="off" onChange={(event) => change({ name: event.currentTarget.value || null })} />
      <TextInput label="Inverse" description={`Seen from ${far}`} placeholder={names?.inverse} value={draft.inverse ?? ''} error={faultAt('inverse')}
        spellCheck={false} autoComplete="off" onChange={(event) => change({ inverse: event.currentTarget.value || null })} />
    </SimpleGrid>
  );
}

interface ChooseProps extends Pick<Props, 'draft' | 'change' | 'faultAt'> {
  label: string;
  member: 'on_delete' | 'on_update' | 'enforce' | 'compare';
  meanings: Meaning[];
}

// The default is what stands there when nothing is said, so choosing it takes the member out.
function Choose({ label, member, meanings, draft, change, faultAt }: ChooseProps) {
  const value = draft[member] ?? meanings[0]!.value;
  const means = Object.fromEntries(meanings.map((one) => [one.value, one.means]));
  return (
    <Select label={label} data={meanings.map((one) => one.value)} value={value} allowDeselect={false} error={faultAt(member)}
      checkIconPosition="right"
      description={means[value]} inputWrapperOrder={['label', 'input', 'description', 'error']}
      comboboxProps={{ width: 340, position: 'bottom-start' }} classNames={{ option: 'keys-option' }}
      onChange={(next) => change({ [member]: next === meanings[0]!.value ? null : next })}
      renderOption={({ option }) => (
        <div>
          <Text size="sm">{option.value}{option.value === meanings[0]!.value && <Text span size="xs" c="dimmed"> default</Text>}</Text>
          <Text size="xs" c="dimmed">{means[option.value]}</Text>
        </div>
      )} />
  );
}
