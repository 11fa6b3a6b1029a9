// To come.
export function ExploreView() {
  return null;
}
