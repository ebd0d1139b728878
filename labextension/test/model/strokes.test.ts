import { describe, expect, it } from 'vitest';
import { type Pen, begun, extended, paintStrokes, penFor, undone } from '../../src/model/strokes';

describe('a drawing', () => {
  it('grows stroke by stroke, within its square, and can be taken back', () => {
    let strokes = begun([], [0.1, 0.1], 0.1);
    strokes = extended(strokes, [0.5, 2]);
    expect(strokes[0]?.points).toEqual([
      [0.1, 0.1],
      [0.5, 1]
    ]);
    expect(extended(strokes, [0.5, 0.9999])).toBe(strokes);
    expect(extended([], [0.2, 0.2])).toEqual([]);
    expect(undone(begun(strokes, [0.3, 0.3], 0.1))).toEqual(strokes);
  });

  it('has a pen as wide as digits are written', () => {
    expect(penFor(28)).toBeCloseTo(0.0786, 3);
    expect(penFor(8)).toBe(0.16);
    expect(penFor(224)).toBe(0.04);
    expect(penFor(null)).toBe(0.09);
  });

  it('is drawn as curves through all points, a single one as a dot', () => {
    const calls: string[] = [];
    const note =
      (name: string) =>
      (...places: number[]) =>
        void calls.push([name, ...places].join(' '));
    const pen: Pen = {
      lineWidth: 0,
      lineCap: '',
      lineJoin: '',
      beginPath: note('begin'),
      moveTo: note('move'),
      lineTo: note('line'),
      quadraticCurveTo: note('curve'),
      stroke: note('stroke')
    };
    paintStrokes(
      pen,
      [
        { points: [[0.5, 0.5]], width: 0.1 },
        {
          points: [
            [0, 0],
            [0.1, 0.2],
            [0.3, 0.2]
          ],
          width: 0.2
        }
      ],
      100
    );
    expect(calls).toEqual([
      ...['begin', 'move 50 50', 'line 50 50', 'stroke'],
      ...['begin', 'move 0 0', 'curve 10 20 20 20', 'line 30 20', 'stroke']
    ]);
    expect(pen.lineWidth).toBe(20);
  });
});
