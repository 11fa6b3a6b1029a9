// How everything is searched: each word that is typed stands somewhere in the text, in any order.
import type { ComboboxParsedItem, ComboboxItem, OptionsFilter } from '@mantine/core';

export const wordsOf = (search: string) => search.toLowerCase().split(/\s+/).filter(Boolean);

export function hasWords(text: string, search: string) {
  const lower = text.toLowerCase();
  return wordsOf(search).every((word) => lower.includes(word));
}

/** The options that have the words, in their order; one that is what was typed comes before all others. */
export const byWords: OptionsFilter = ({ options, search, limit }) => {
  const typed = search.trim().toLowerCase();
  const exact = (one: ComboboxParsedItem): boolean => ('group' in one ? one.items.some(exact) : one.label.toLowerCase() === typed);
  const exactFirst = <T extends ComboboxParsedItem>(some: T[]) => [...some].sort((one, other) => Number(exact(other)) - Number(exact(one)));
  let room = limit;
  const taken = (items: ComboboxItem[]) => {
    const found = exactFirst(items.filter(({ label }) => hasWords(label, search))).slice(0, room);
    room -= found.length;
    return found;
  };
  return exactFirst(options).flatMap((one): ComboboxParsedItem[] => {
    if (!('group' in one)) return taken([one]);
    const items = taken(one.items);
    return items.length ? [{ ...one, items }] : [];
  });
};
