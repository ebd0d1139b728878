import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Assumed, LayerLine, Outline } from '../../src/builder/contract';
import type { FormField } from '../../src/form/contract';
import { StackContext, type StackPlace, builderInstead } from '../../src/form/stack-layers';
import type { Settings } from '../../src/model/yaml-document';

const FIELD: FormField = { name: 'layers', type: '', kind: 'list', description: '' };
const MISFIT: LayerLine = {
  name: 'conv',
  type: 'conv',
  takes: [4],
  gives: null,
  parameters: 0,
  problems: [{ path: [], message: 'conv takes images.' }],
  added: false
};
const UNKNOWN: Outline = {
  lines: [{ ...MISFIT, takes: null, problems: [] }],
  parameters: 0,
  task: null,
  input_shape: null,
  form: null,
  tokens: 0,
  outputs: null,
  why: 'data: it is fetched when a run starts.'
};

let root: HTMLElement;

beforeEach(() => {
  root = document.createElement('div');
  document.body.append(root);
});

afterEach(() => {
  act(() => render(null, root));
  root.remove();
});

/** Shows the builder in a form whose data nobody knows; a shape that somebody says doesn't fit. */
function show(data: Outline) {
  const onMisfit = vi.fn();
  const place: StackPlace = {
    client: {
      outline: (_settings: Settings, assumed?: Assumed) =>
        Promise.resolve(assumed === undefined ? data : { ...UNKNOWN, lines: [MISFIT], input_shape: [4] }),
      onConnection: () => () => undefined
    } as unknown as StackPlace['client'],
    values: { model: { layers: ['conv'] } },
    onMisfit,
    undo: vi.fn(),
    redo: vi.fn()
  };
  act(() =>
    render(
      <StackContext.Provider value={place}>
        {builderInstead(FIELD, ['model', 'layers'], ['conv'], undefined)}
      </StackContext.Provider>,
      root
    )
  );
  return onMisfit;
}

it('keeps a run from being started with a layer that its data doesn’t fit', async () => {
  const onMisfit = show({ ...UNKNOWN, lines: [MISFIT], input_shape: [4], why: null });
  await vi.waitFor(() => expect(onMisfit).toHaveBeenLastCalledWith(expect.objectContaining({ at: 0 })));
});

it('keeps none from being started by a shape that somebody only tries out', async () => {
  const onMisfit = show(UNKNOWN);
  await vi.waitFor(() => expect(root.querySelector('.dlt-assume')).not.toBeNull());
  act(() => {
    const input = root.querySelector('.dlt-assume input') as HTMLInputElement;
    input.value = '4';
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
  act(() => (root.querySelector('.dlt-assume button') as HTMLElement).click());
  await vi.waitFor(() => expect(root.textContent).toContain('conv takes images.'));
  await act(() => Promise.resolve());
  expect(onMisfit.mock.calls.every(([misfit]) => misfit === null)).toBe(true);
});
