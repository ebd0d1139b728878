/** Hands a text to the person as a file. */
export function save(name: string, type: string, text: string): void {
  saveFile(name, new Blob([text], { type }));
}

export function saveFile(name: string, file: Blob): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  // Some browsers follow only what stands in the page.
  document.body.append(link);
  link.click();
  link.remove();
  // The download reads it after the click.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
