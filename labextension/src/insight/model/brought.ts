/** Files that a drop or a paste brings; what is neither file nor picture brings none. */
export function filesOf(transfer: DataTransfer | null): File[] {
  return transfer === null ? [] : [...transfer.files];
}

/** Whether what is dragged over the page are files, as far as the browser says before they are dropped. */
export function bringsFiles(transfer: DataTransfer | null): boolean {
  return transfer !== null && [...transfer.types].includes('Files');
}
