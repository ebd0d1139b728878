import { expect, it } from 'vitest';
import { editorHeight } from '../../src/form/use-editor-height';

// What is seen of the page is 860 px high, below a bar of 40; what starts a run takes 90 of it.
const seen = { top: 40, bottom: 900, scrolled: 0 };

it('fills what is seen from the editor’s top to what is below it', () => {
  expect(editorHeight({ seen, top: 105, besides: 1500, foot: 90 })).toBe(705);
});

it('grows as what is above the editor is scrolled away', () => {
  expect(editorHeight({ seen: { ...seen, scrolled: 30 }, top: 75, besides: 1470, foot: 90 })).toBe(735);
  expect(editorHeight({ seen: { ...seen, scrolled: 500 }, top: -395, besides: 1000, foot: 90 })).toBe(770);
});

it('ends with the form at the end of the page', () => {
  expect(editorHeight({ seen: { ...seen, scrolled: 500 }, top: -395, besides: 798, foot: 90 })).toBe(758);
});

it('fills what is seen beside a form that is shorter, and alone', () => {
  expect(editorHeight({ seen, top: 105, besides: 300, foot: 90 })).toBe(705);
  expect(editorHeight({ seen, top: 105, besides: 0, foot: 90 })).toBe(705);
});

it('keeps some lines where there is hardly room', () => {
  expect(editorHeight({ seen: { ...seen, bottom: 300 }, top: 105, besides: 1500, foot: 90 })).toBe(260);
});
