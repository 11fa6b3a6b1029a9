// The text that the first tab opens with.
export const defaultQuery = `# Ctrl-Enter runs the query.
# Ctrl-Space completes names.
# The book at the left shows all of them.
{
  __typename
}
`;
