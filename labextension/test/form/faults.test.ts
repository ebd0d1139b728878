import { expect, it } from 'vitest';
import type { FormField } from '../../src/form/contract';
import { faultOf } from '../../src/form/faults';

const field = (kind: FormField['kind'], more: Partial<FormField> = {}): FormField => ({
  name: '',
  type: '',
  kind,
  description: '',
  ...more
});

it('takes one value for a list of one, and leaves it to the server whether it may stand for that', () => {
  const columns = field('list', { item: field('str'), shortest: 1 });
  expect(faultOf(columns, 'price')).toBeNull();
  expect(faultOf(columns, [])).toEqual({ kind: 'shortest', bound: 1 });
  expect(faultOf(columns, { price: 1 })).toEqual({ kind: 'list' });
  const sizes = field('list', { item: field('int', { minimum: 1 }) });
  expect([faultOf(sizes, 32), faultOf(sizes, 0), faultOf(sizes, 'x')]).toEqual([
    null,
    { kind: 'list' },
    { kind: 'list' }
  ]);
  const shapes = field('multiselect', { options: ['disc', 'square'] });
  expect([faultOf(shapes, 'disc'), faultOf(shapes, 'cube')]).toEqual([null, { kind: 'list' }]);
});
