// Sends an operation to the server the page came from.
import type { GraphiQLProviderProps } from 'graphiql';
import { parseJson } from './json';

export const fetcher: GraphiQLProviderProps['fetcher'] = async (operation, options) => {
  const headers = new Headers({
    accept: 'application/graphql-response+json, application/json',
    'content-type': 'application/json',
  });
  for (const [name, value] of Object.entries(options?.headers ?? {})) headers.set(name, value);
  const answer = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify(operation) });
  const text = await answer.text();
  try {
    return parseJson(text);
  } catch {
    // From something between the page and the server.
    return { errors: [{ message: `no GraphQL answer: ${answer.status} ${answer.statusText}`, body: text }] };
  }
};
