import type { Group } from '../studio/contract';

export interface Section {
  group: Group;
  count: number;
  open: boolean;
}

/** A line of the list: the head of a group, or the run at a place in it. */
export type Line = { group: Group; index: number | null; top: number };

/** Heights in pixels. */
export interface Measures {
  head: number;
  row: number;
}

/**
 * Where each line of a list stands. Every head and every row has one height, so that of ten thousand lines
 * only those in sight are ever looked at.
 */
export class ListLayout {
  /** Lines in all. */
  readonly size: number;
  readonly height: number;
  readonly #blocks: (Section & { first: number; top: number; rows: number })[] = [];
  readonly #measures: Measures;

  constructor(sections: Section[], measures: Measures) {
    this.#measures = measures;
    let first = 0;
    let top = 0;
    for (const section of sections) {
      const rows = section.open ? section.count : 0;
      this.#blocks.push({ ...section, first, top, rows });
      first += 1 + rows;
      top += measures.head + rows * measures.row;
    }
    this.size = first;
    this.height = top;
  }

  /** The line with a number, counted from the top. */
  line(number: number): Line | null {
    const block = this.#blocks.findLast(({ first }) => first <= number);
    if (block === undefined || number > block.first + block.rows) {
      return null;
    }
    const index = number - block.first - 1;
    return index < 0
      ? { group: block.group, index: null, top: block.top }
      : { group: block.group, index, top: block.top + this.#measures.head + index * this.#measures.row };
  }

  /** The number of a line; `null` if its group is closed or ends before it. */
  number(group: Group, index: number | null): number | null {
    const block = this.#blocks.find(other => other.group === group);
    if (block === undefined || (index !== null && index >= block.rows)) {
      return null;
    }
    return block.first + (index === null ? 0 : index + 1);
  }

  heightOf({ index }: Line): number {
    return index === null ? this.#measures.head : this.#measures.row;
  }

  /** The lines that touch what lies between two heights. */
  between(top: number, bottom: number): Line[] {
    const lines: Line[] = [];
    for (const block of this.#blocks) {
      const { head, row } = this.#measures;
      const rowsTop = block.top + head;
      if (block.top < bottom && rowsTop > top) {
        lines.push({ group: block.group, index: null, top: block.top });
      }
      const first = Math.max(0, Math.floor((top - rowsTop) / row));
      const last = Math.min(block.rows, Math.ceil((bottom - rowsTop) / row));
      for (let index = first; index < last; index++) {
        lines.push({ group: block.group, index, top: rowsTop + index * row });
      }
    }
    return lines;
  }
}
