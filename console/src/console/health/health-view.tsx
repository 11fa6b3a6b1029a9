// To come.
export function HealthView() {
  return null;
}
