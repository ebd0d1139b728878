/** What a form in a notebook loads to draw itself; its style sheet comes along as a file of its own. */

import type { FormModule } from './clients/form-contract';
import { mountFormCell } from './studio/form-cell';

export const mount: FormModule['mount'] = (element, place) => mountFormCell(element, place);
