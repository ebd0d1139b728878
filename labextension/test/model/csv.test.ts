import { describe, expect, it } from 'vitest';
import { csv } from '../../src/model/csv';

describe('comma-separated values', () => {
  it('quotes what would break a line or a field', () => {
    expect(
      csv(
        ['a', 'b'],
        [
          ['x,y', 'say "no"'],
          ['two\nlines', 0.5]
        ]
      )
    ).toBe('a,b\r\n"x,y","say ""no"""\r\n"two\nlines",0.5\r\n');
  });

  it('leaves nothing that a spreadsheet would run, and numbers as they are', () => {
    expect(csv(['a'], [['=HYPERLINK(1)'], ['@x'], ['-1.5'], [-2], [null]])).toBe(
      "a\r\n'=HYPERLINK(1)\r\n'@x\r\n-1.5\r\n-2\r\n\r\n"
    );
  });
});
