// Selects one of the query's operations once, when the editor is there, and puts the cursor on it.
import { useEditorContext } from '@graphiql/react';
import { useEffect } from 'react';

export function SelectOperation({ name }: { name: string }) {
  const { queryEditor, setOperationName } = useEditorContext({ nonNull: true });
  useEffect(() => {
    const start = queryEditor?.operations?.find((operation) => operation.name?.value === name)?.loc?.start;
    if (!queryEditor || start === undefined) return;
    setOperationName(name);
    queryEditor.setCursor(queryEditor.posFromIndex(start));
    // Once: what is selected afterwards is the user's.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [queryEditor]);
  return null;
}
