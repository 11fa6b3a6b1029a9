// GraphiQL over this server's schema, opened with what the page's address asks for.
import { GraphiQL, GraphiQLInterface, GraphiQLProvider } from 'graphiql';
import { defaultQuery } from './default-query';
import { fetcher } from './fetcher';
import { fromAddress } from './address';
import { SelectOperation } from './select-operation';

const { query, variables, operationName } = fromAddress(location.search);

export function Page() {
  return (
    <GraphiQLProvider fetcher={fetcher} defaultQuery={defaultQuery} query={query} variables={variables}>
      <GraphiQLInterface showPersistHeadersSettings>
        <GraphiQL.Logo>Crosskey</GraphiQL.Logo>
      </GraphiQLInterface>
      {operationName && <SelectOperation name={operationName} />}
    </GraphiQLProvider>
  );
}
