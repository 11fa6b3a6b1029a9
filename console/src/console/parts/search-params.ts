// The address's part behind `?`, as it stands there: wouter's own hooks decode it, and the path, before they are read, so that a
// percent sign in a value or in the identifier of a row would be taken for the beginning of another one.
import { useMemo } from 'react';
import { navigate, useSearch as useWholeSearch } from 'wouter/use-browser-location';

type Next = URLSearchParams | ((now: URLSearchParams) => URLSearchParams);

export const useSearch = () => useWholeSearch().replace(/^\?/, '');

export function useSearchParams(): [URLSearchParams, typeof setSearchParams] {
  const search = useSearch();
  return [useMemo(() => new URLSearchParams(search), [search]), setSearchParams];
}

function setSearchParams(next: Next, options?: { replace?: boolean; state?: unknown }) {
  const params = typeof next === 'function' ? next(new URLSearchParams(location.search)) : next;
  navigate(`${location.pathname}${params.size ? `?${params}` : ''}`, options);
}
