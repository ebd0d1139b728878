/** Rows as comma-separated values (RFC 4180), safe to open in a spreadsheet. */
export function csv(columns: string[], lines: (string | number | null)[][]): string {
  return [columns, ...lines].map(line => `${line.map(field).join(',')}\r\n`).join('');
}

function field(value: string | number | null): string {
  if (value === null) {
    return '';
  }
  // A spreadsheet takes such a text for a formula; an apostrophe in front says that it is text.
  const text =
    typeof value === 'string' && /^[=+\-@\t\r]/.test(value) && !isNumber(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}
