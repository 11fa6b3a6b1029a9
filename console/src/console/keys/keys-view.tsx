// To come.
export function KeysView() {
  return null;
}
