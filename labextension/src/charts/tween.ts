import type { Range } from '../model/axis';

/** Both axes of a chart. */
export interface Frame {
  x: Range;
  y: Range;
}

const DURATION_MS = 240;

/**
 * Eases axes to where they should be. A new target takes over from wherever they are; the first one, and
 * every one for a person who wants less motion, is taken at once.
 */
export class Tween {
  #from: Frame | null = null;
  #target: Frame | null = null;
  #log = false;
  #started = 0;
  #request = 0;
  readonly #draw: (frame: Frame) => void;

  constructor(draw: (frame: Frame) => void) {
    this.#draw = draw;
  }

  /** @param log whether the value axis is logarithmic, and so eases */
  to(target: Frame, log: boolean): void {
    const now = performance.now();
    const present = this.#target === null ? null : this.#at(now);
    this.#log = log;
    if (present === null || !mayMove() || !isFinitePositive(present, log)) {
      this.#from = target;
    } else if (this.#target !== null && same(this.#target, target)) {
      // Under way there already, or arrived: draw what is new in the data where the axes are.
      this.#draw(present);
      return;
    } else {
      this.#from = present;
    }
    this.#target = target;
    this.#started = now;
    cancelAnimationFrame(this.#request);
    this.#tick(now);
  }

  /** Where the axes go, to decide whether they must move again. */
  get goal(): Frame | null {
    return this.#target;
  }

  stop(): void {
    cancelAnimationFrame(this.#request);
  }

  #tick(now: number): void {
    this.#draw(this.#at(now));
    if (this.#from !== this.#target && now - this.#started < DURATION_MS) {
      this.#request = requestAnimationFrame(later => this.#tick(later));
    } else {
      this.#from = this.#target;
    }
  }

  #at(now: number): Frame {
    const target = this.#target ?? { x: [0, 1], y: [0, 1] };
    const from = this.#from ?? target;
    const t = Math.min(1, Math.max(0, (now - this.#started) / DURATION_MS));
    const ease = 1 - (1 - t) ** 3;
    if (from === target || t >= 1) {
      return target;
    }
    return {
      x: between(from.x, target.x, ease, false),
      y: between(from.y, target.y, ease, this.#log)
    };
  }
}

function between(from: Range, to: Range, t: number, log: boolean): Range {
  const mix = (a: number, b: number) => (log ? a ** (1 - t) * b ** t : a + (b - a) * t);
  return [mix(from[0], to[0]), mix(from[1], to[1])];
}

function same(a: Frame, b: Frame): boolean {
  return a.x[0] === b.x[0] && a.x[1] === b.x[1] && a.y[0] === b.y[0] && a.y[1] === b.y[1];
}

/** A logarithmic axis can't come from zero or below. */
function isFinitePositive(frame: Frame, log: boolean): boolean {
  return !log || frame.y[0] > 0;
}

function mayMove(): boolean {
  return !document.hidden && !matchMedia('(prefers-reduced-motion: reduce)').matches;
}
