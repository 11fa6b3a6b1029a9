// Lists of choices that are searched by words. What a search finds first is what Enter takes; an empty search has no first.
import { useState } from 'react';
import { MultiSelect, Select, type MultiSelectProps, type SelectProps } from '@mantine/core';
import { byWords } from './by-words';

export function SearchedSelect({ onSearchChange, ...given }: SelectProps) {
  const [typed, setTyped] = useTyped(onSearchChange);
  // Where the chosen one stands in the field, all are listed.
  const searching = typed !== '' && typed !== given.value;
  return <Select searchable filter={byWords} selectFirstOptionOnChange={searching} onSearchChange={setTyped} {...given} />;
}

export function SearchedMultiSelect({ onSearchChange, ...given }: MultiSelectProps) {
  const [typed, setTyped] = useTyped(onSearchChange);
  return <MultiSelect searchable filter={byWords} selectFirstOptionOnChange={typed !== ''} onSearchChange={setTyped} {...given} />;
}

function useTyped(tell?: (typed: string) => void) {
  const [typed, setTyped] = useState('');
  return [typed, (next: string) => { setTyped(next); tell?.(next); }] as const;
}
