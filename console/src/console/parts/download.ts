// Saves a text as a file.
export function download(name: string, type: string, text: string) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  Object.assign(document.createElement('a'), { href: address, download: name }).click();
  // The browser reads it after this call.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
