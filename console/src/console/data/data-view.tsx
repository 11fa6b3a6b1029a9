// To come.
export function DataView() {
  return null;
}
