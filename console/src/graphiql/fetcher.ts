// Sends an operation to the server the page came from.
import type { GraphiQLProviderProps } from 'graphiql';
import { parseJson } from './json';

export const fetcher: GraphiQLProviderProps['fetcher'] = async (operation, options) => {
  const answer = await fetch('/graphql', {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json',
      'content-type': 'application/json',
      ...options?.headers,
    },
    body: JSON.stringify(operation),
  });
  const text = await answer.text();
  try {
    return parseJson(text);
  } catch {
    // From something between the page and the server.
    return { errors: [{ message: `no GraphQL answer: ${answer.status} ${answer.statusText}`, body: text }] };
  }
};
