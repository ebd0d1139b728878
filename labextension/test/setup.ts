import { vi } from 'vitest';

// happy-dom has no canvas: drawing goes nowhere, and what is measured has some width.
const context = new Proxy<Record<string, unknown>>(
  { measureText: () => ({ width: 10 }), createImageData: () => ({ data: { set: () => undefined } }) },
  { get: (target, name) => target[String(name)] ?? (() => undefined), set: () => true }
);
HTMLCanvasElement.prototype.getContext = vi.fn(() => context) as never;
vi.stubGlobal(
  'Path2D',
  class Path2D {
    moveTo(): void {}
    lineTo(): void {}
    rect(): void {}
    arc(): void {}
  }
);
