// Selects one of the query's operations once, when the editor is there, and puts the cursor on it.
import { useEditorContext } from '@graphiql/react';
import { useEffect } from 'react';

export function SelectOperation({ name }: { name: string }) {
  const { queryEditor, setOperationName } = useEditorContext({ nonNull: true });
  useEffect(() => {
    const operation = queryEditor?.operations?.find((operation) => operation.name?.value === name);
    if (!queryEditor || !operation?.loc) return;
    setOperationName(name);
    queryEditor.setCursor(queryEditor.posFromIndex(operation.loc.start));
    // Not again when setOperationName changes: what is selected afterwards is the user's.
  }, [queryEditor]);
  return null;
}
