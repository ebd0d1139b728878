/** How files travel: as base64 in requests of a bounded size. */

/** Bytes of a request that the server takes. */
export const LARGEST_REQUEST = 8 * 2 ** 20;
/** Files in a request, so that answers come one after the other. */
export const MOST_FILES = 32;
/** What stands around the files, and around each of them. */
const AROUND = 2048;
const AROUND_EACH = 64;

/** Bytes of the largest file that fits into a request. */
export const LARGEST_FILE = Math.floor((LARGEST_REQUEST - AROUND - 1024) / 4) * 3;

export interface Sized {
  name: string;
  size: number;
}

/** Characters a file takes in a request. */
export function encodedSize({ name, size }: Sized): number {
  return 4 * Math.ceil(size / 3) + 6 * name.length + AROUND_EACH;
}

/** Puts files into requests, in their order; those that fit into none are told apart. */
export function batches<T extends Sized>(files: T[]): { batches: T[][]; tooLarge: T[] } {
  const found: T[][] = [];
  const tooLarge: T[] = [];
  let filled = 0;
  for (const file of files) {
    const length = encodedSize(file);
    if (length > LARGEST_REQUEST - AROUND) {
      tooLarge.push(file);
      continue;
    }
    const last = found.at(-1);
    if (last === undefined || last.length >= MOST_FILES || filled + length > LARGEST_REQUEST - AROUND) {
      found.push([file]);
      filled = length;
    } else {
      last.push(file);
      filled += length;
    }
  }
  return { batches: found, tooLarge };
}

/** Bytes as base64; in pieces, since a call takes no million arguments. */
export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}
