// What the page's address fills in: ?query=...&variables=...&operationName=...
export interface Opened {
  query?: string;
  variables?: string;
  operationName?: string;
}

export function fromAddress(search: string): Opened {
  const given = new URLSearchParams(search);
  const query = given.get('query');
  if (!query) return {};
  return {
    query,
    variables: given.get('variables') ?? undefined,
    operationName: given.get('operationName') ?? undefined,
  };
}
