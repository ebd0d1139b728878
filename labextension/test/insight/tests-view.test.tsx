import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InsightProps } from '../../src/insight/contract';
import { TestsView } from '../../src/insight/views/tests';
import { TestClient, snapshot } from '../snapshot';

let root: HTMLElement;
let client: TestClient;
let kept: object[];

const test = (number: number, name: string, changes: object = {}) => ({
  number,
  name,
  created_at: '2026-03-14T09:24:10Z',
  checkpoint: { step: 1080, epoch: 6 },
  digest: '9f86d081884c7d65',
  count: 1797,
  seconds: 0.4,
  metrics: { accuracy: 0.98, loss: 0.05 },
  ...changes
});

async function show(changes: Partial<InsightProps> = {}): Promise<void> {
  const props: InsightProps = {
    tab: 'tests',
    client,
    memory: { get: () => undefined, set: () => undefined },
    snapshot: snapshot(),
    gone: false,
    language: 'en',
    trying: null,
    onTab: () => undefined,
    ...changes
  };
  await act(async () => render(<TestsView {...props} />, root));
  await settle();
}

const settle = () => act(async () => void (await new Promise(resolve => setTimeout(resolve))));
const text = (selector: string) => root.querySelector(selector)?.textContent ?? '';
const click = async (label: string) => {
  const found = [...root.querySelectorAll<HTMLButtonElement>('button')].find(
    it => (it.getAttribute('aria-label') ?? it.querySelector('.dlt-button-label')?.textContent) === label
  );
  expect(found, `${label} in ${root.textContent}`).toBeDefined();
  await act(async () => found?.click());
  await settle();
};
const rows = () => [...root.querySelectorAll('tbody tr')].map(row => row.querySelector('th')?.textContent);

beforeEach(() => {
  root = document.createElement('div');
  document.body.append(root);
  client = new TestClient();
  kept = [test(1, 'validation')];
  client.tells = () => Promise.resolve({ tests: kept });
});
afterEach(() => {
  render(null, root);
  root.remove();
});

describe('test runs', () => {
  it('are asked for from the first key on, though nothing was painted since the click', async () => {
    await show();
    [...root.querySelectorAll('button')].find(it => it.textContent?.includes('Test on a data set…'))?.click();
    await Promise.resolve();
    expect(document.activeElement).toBe(root.querySelector('.dlt-test-form input'));
  });

  it('stand in a table, newest first, with what they measured', async () => {
    kept = [test(1, 'validation'), test(2, 'wine', { metrics: { accuracy: 0.5, f1: null } })];
    await show();
    expect(rows()).toEqual(['wine', 'validation']);
    expect([...root.querySelectorAll('thead th')].map(cell => cell.textContent)).toEqual([
      ...['Data set', 'No.', 'Checkpoint', 'Examples', 'Loss', 'Accuracy', 'F1', 'Took', 'When']
    ]);
    const cells = [...(root.querySelector('tbody tr')?.children ?? [])].map(cell => cell.textContent);
    expect(cells.slice(0, 7)).toEqual(['wine', '#2', 'step 1,080', '1,797', '–', '0.5000', '–']);
  });

  it('are begun on a named data set by a chosen checkpoint, and appear', async () => {
    kept = [];
    await show();
    expect(text('.dlt-empty')).toContain('No test runs yet.');
    await click('Test on a data set…');
    expect(document.activeElement).toBe(root.querySelector('input'));
    const input = root.querySelector('input') as HTMLInputElement;
    input.value = ' wine ';
    await act(() => void input.dispatchEvent(new Event('input', { bubbles: true })));
    let finish: (found: object) => void = () => undefined;
    client.answer = () =>
      new Promise(resolve => {
        finish = resolve;
      });
    await click('Test');
    expect(client.asked).toEqual([{ verb: 'test', args: { checkpoint: 'best', data: 'wine' } }]);
    expect(text('.dlt-test-said')).toBe('Testing on wine. It goes on while you look at other tabs.');

    // Another view, and back.
    render(null, root);
    await show();
    expect(text('.dlt-test-said')).toContain('Testing on wine.');
    kept = [test(3, 'wine', { count: 178 })];
    await act(async () => finish(kept[0] as object));
    await settle();
    expect(text('.dlt-test-said')).toBe('Tested on wine: 178 examples.');
    expect(rows()).toEqual(['wine']);
  });

  it('are begun on the held-back set where none is named, and say why they could not', async () => {
    await show();
    await click('Test on a data set…');
    client.answer = () => Promise.reject(new Error('test: the run held nothing back for validation.'));
    await act(async () => {
      root.querySelector('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    });
    await settle();
    expect(client.asked[0]?.args).toEqual({ checkpoint: 'best' });
    expect(text('[role=alert]')).toBe('test: the run held nothing back for validation.');
  });

  it('are deleted once it was asked', async () => {
    await show();
    await click('Delete');
    expect(text('.dlt-ask-question')).toBe('Delete the test on validation?');
    await click('Keep');
    expect(client.asked).toEqual([]);
    await click('Delete');
    kept = [];
    client.answer = () => Promise.resolve(null);
    await click('Delete');
    expect(client.asked).toEqual([{ verb: 'delete_test', args: { number: 1 } }]);
    expect(text('.dlt-test-said')).toBe('The test on validation was deleted.');
    expect(rows()).toEqual([]);
  });

  it('are downloaded as the server writes them, or say why they can’t be', async () => {
    const fetched: string[] = [];
    client.testFile = async (number, format) => {
      fetched.push(`${number}.${format}`);
      if (format === 'json') {
        throw new Error('The run has no test run 1.');
      }
      return new Blob(['index,truth\n']);
    };
    await show();
    await click('CSV');
    await click('JSON');
    expect(fetched).toEqual(['1.csv', '1.json']);
    expect(client.questions.map(({ what }) => what)).toEqual(['tests']);
    expect(text('[role=alert]')).toBe('The run has no test run 1.');
  });

  it('open with everything that was found, and close again', async () => {
    const summary = {
      task: 'classification',
      count: 4,
      sampled: 4,
      notes: [],
      overall: { accuracy: 0.75 },
      classes: [
        { label: 'a', support: 2, precision: 1, recall: 0.5 },
        { label: 'b', support: 2, precision: 0.67, recall: 1 }
      ]
    };
    client.tells = async (what, args) =>
      what === 'examples'
        ? { task: 'classification', labels: ['a', 'b'], total: 0, kept: 0, count_of_set: 4, items: [] }
        : args.number === undefined
          ? { tests: kept }
          : {
              ...kept[0],
              labels: ['a', 'b'],
              confusion: [
                [1, 1],
                [0, 2]
              ],
              summary
            };
    await show();
    await act(async () => root.querySelector<HTMLElement>('.dlt-test-name')?.click());
    await settle();
    expect(text('.dlt-test-title')).toBe('#1 validation, step 1,080 (epoch 6), weights 9f86d081');
    expect(root.querySelectorAll('.dlt-matrix [data-cell]')).toHaveLength(4);
    expect([...root.querySelectorAll('.dlt-overall')].map(it => it.textContent).join()).toContain('0.7500');
    expect(client.questions.some(({ what, args }) => what === 'examples' && args.test_run === 1)).toBe(true);
    await click('All test runs');
    expect(rows()).toEqual(['validation']);
  });

  it('can’t be begun while nobody answers', async () => {
    await show({ gone: true });
    await click('Test on a data set…');
    expect(root.querySelector('form')).toBeNull();
  });
});
