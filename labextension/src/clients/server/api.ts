import type { Assumed, Outline } from '../../builder/contract';
import type { Computation, Curves, Question, Verb } from '../../contract';
import type { FormField } from '../../form/contract';
import type { Settings } from '../../model/yaml-document';
import type { Parts, Problem, RunsPage, RunsQuery } from '../../studio/contract';
import type { Transport } from './transport';

const ROOT = 'dltrainer/api';

/** What is said where the server itself says nothing. */
export interface ApiWords {
  unreachable: string;
  refused: (status: number) => string;
}

/** What the server refused; its message is fit to be shown. */
export class RefusedError extends Error {
  readonly status: number;
  /** The kind of error, for programs. */
  readonly reason: string;

  constructor(message: string, status: number, reason: string) {
    super(message);
    this.name = 'RefusedError';
    this.status = status;
    this.reason = reason;
  }
}

/** The REST API, one method a question. */
export class Api {
  readonly #transport: Transport;
  readonly #words: ApiWords;

  constructor(transport: Transport, words: ApiWords) {
    this.#transport = transport;
    this.#words = words;
  }

  async page({ states, filter, sort, limit, cursor }: RunsQuery): Promise<RunsPage> {
    const query = {
      state: states?.join(','),
      filter: filter?.trim() || undefined,
      sort,
      limit,
      cursor: cursor ?? undefined
    };
    return (await this.#ask('GET', `${ROOT}/runs${search(query)}`)) as RunsPage;
  }

  act(id: string, verb: Verb | Computation | 'delete', args: Record<string, unknown>): Promise<unknown> {
    if (verb === 'delete') {
      return this.#ask('DELETE', run(id));
    }
    if (verb === 'delete_test') {
      return this.#ask('DELETE', `${run(id)}/tests/${Number(args.number)}`);
    }
    const path = verb === 'test' ? 'tests' : verb;
    return this.#ask('POST', `${run(id)}/${path}`, JSON.stringify(args), 'application/json');
  }

  async curves(id: string, names: string[], start: number | null, stop: number | null, points: number) {
    const query = { names: names.join(','), start: start ?? undefined, stop: stop ?? undefined, points };
    const answer = await this.#ask('GET', `${run(id)}/curves${search(query)}`);
    return (answer as { curves: Curves }).curves;
  }

  read(id: string, what: Question, args: Record<string, unknown> = {}): Promise<unknown> {
    if (what === 'tests' && args.number != null) {
      return this.#ask('GET', `${run(id)}/tests/${Number(args.number)}`);
    }
    return this.#ask('GET', `${run(id)}/${what}${search(args)}`);
  }

  async testFile(id: string, number: number, format: 'csv' | 'json'): Promise<Blob> {
    const response = await this.#answered('GET', `${run(id)}/tests/${number}/examples${search({ format })}`);
    return response.blob();
  }

  async check(yaml: string): Promise<Problem[]> {
    const answer = await this.#ask('POST', `${ROOT}/check`, yaml, 'application/yaml');
    return (answer as { problems: Problem[] }).problems;
  }

  async parts(kind: string): Promise<Parts> {
    return (await this.#ask('GET', `${ROOT}/parts/${kind}${search({ reload: true })}`)) as Parts;
  }

  async settings(): Promise<FormField[]> {
    return ((await this.#ask('GET', `${ROOT}/settings`)) as { settings: FormField[] }).settings;
  }

  async outline(settings: Settings, assumed?: Assumed): Promise<Outline> {
    const given =
      assumed === undefined
        ? ''
        : search({ input_shape: assumed.input_shape.join(','), outputs: assumed.outputs });
    const body = JSON.stringify(settings);
    return (await this.#ask('POST', `${ROOT}/outline${given}`, body, 'application/json')) as Outline;
  }

  async train(yaml: string): Promise<{ id: string; name: string }> {
    return (await this.#ask('POST', `${ROOT}/runs`, yaml, 'application/yaml')) as {
      id: string;
      name: string;
    };
  }

  async #ask(method: string, path: string, body?: string, type?: string): Promise<unknown> {
    return parsed(await (await this.#answered(method, path, body, type)).text());
  }

  /** Asks, and throws what the server refuses. */
  async #answered(method: string, path: string, body?: string, type?: string): Promise<Response> {
    let response: Response;
    try {
      response = await this.#transport.request(method, path, body, type);
    } catch (error) {
      // Nobody answered at all; what browsers say of that is fit for nobody.
      throw new Error(this.#words.unreachable, { cause: error });
    }
    if (response.ok) {
      return response;
    }
    const { message, reason } = Object(parsed(await response.text())) as {
      message?: unknown;
      reason?: unknown;
    };
    throw new RefusedError(
      typeof message === 'string' && message !== '' ? message : this.#words.refused(response.status),
      response.status,
      typeof reason === 'string' ? reason : response.statusText
    );
  }
}

function run(id: string): string {
  return `${ROOT}/runs/${encodeURIComponent(id)}`;
}

function search(values: Record<string, unknown>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/** What an answer holds; `null` if it is empty, or a page of a proxy that stands before the server. */
function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return null;
    }
    throw error;
  }
}
