import type { Assumed, Outline } from '../../builder/contract';
import type { Computation, Connection, Verb } from '../../contract';
import type { FormField } from '../../form/contract';
import type { Settings } from '../../model/yaml-document';
import type {
  Parts,
  Problem,
  Resources,
  RunRow,
  RunsPage,
  RunsQuery,
  ServedRun,
  StudioClient
} from '../../studio/contract';
import { words } from '../../words/words';
import { Api } from './api';
import type { Answer, Request } from './protocol';
import { Stream } from './stream';
import type { Transport } from './transport';
import { WatchedRun } from './watched-run';

/**
 * Talks to the Jupyter server: questions over REST, and one WebSocket that tells what changes, opened when the
 * first view listens. Shared by all the views of a page; closed by whoever made it.
 */
export class ServerClient implements StudioClient {
  readonly #api: Api;
  readonly #stream: Stream;
  readonly #runs = new Map<string, WatchedRun>();
  readonly #rows = new Set<(rows: RunRow[], gone: string[]) => void>();
  readonly #resources = new Set<(resources: Resources) => void>();

  /** @param language of what it says itself, such as that nobody answers */
  constructor(transport: Transport, language = 'en') {
    this.#api = new Api(transport, words(language).connection);
    this.#stream = new Stream({
      url: () => transport.socketUrl('dltrainer/api/stream'),
      greeting: () => this.#greeting(),
      receive: answer => this.#receive(answer)
    });
  }

  page(query: RunsQuery): Promise<RunsPage> {
    return this.#api.page(query);
  }

  onRows(callback: (rows: RunRow[], gone: string[]) => void): () => void {
    return this.#listen(this.#rows, callback, 'list');
  }

  onResources(callback: (resources: Resources) => void): () => void {
    return this.#listen(this.#resources, callback, 'resources');
  }

  connection(): Connection {
    return this.#stream.connection;
  }

  /** Calls back with every change, and with `connected` once more after a break nobody was told of. */
  onConnection(callback: (connection: Connection) => void): () => void {
    return this.#stream.onConnection(callback);
  }

  run(id: string): ServedRun {
    const run = this.#runs.get(id) ?? new WatchedRun(id, request => this.#stream.send(request));
    run.followers += 1;
    if (run.followers === 1) {
      this.#runs.set(id, run);
      this.#stream.send(run.request());
    }
    return this.#served(run);
  }

  act(id: string, verb: Verb | Computation | 'delete', args: Record<string, unknown> = {}): Promise<unknown> {
    return this.#api.act(id, verb, args);
  }

  check(yaml: string): Promise<Problem[]> {
    return this.#api.check(yaml);
  }

  parts(kind: string): Promise<Parts> {
    return this.#api.parts(kind);
  }

  settings(): Promise<FormField[]> {
    return this.#api.settings();
  }

  outline(settings: Settings, assumed?: Assumed): Promise<Outline> {
    return this.#api.outline(settings, assumed);
  }

  train(yaml: string): Promise<{ id: string; name: string }> {
    return this.#api.train(yaml);
  }

  close(): void {
    this.#stream.close();
    this.#runs.clear();
    this.#rows.clear();
    this.#resources.clear();
  }

  /** One view of a run; however many there are, the server is asked once. */
  #served(run: WatchedRun): ServedRun {
    const releases = new Set<() => void>();
    const hold = (release: () => void) => {
      releases.add(release);
      return () => {
        releases.delete(release);
        release();
      };
    };
    const connection = () => (run.ended ? 'disconnected' : this.#stream.connection);
    let open = true;
    return {
      subscribe: callback => hold(run.subscribe(callback)),
      connection,
      onConnection: callback => {
        const tell = () => callback(connection());
        const releaseStream = this.#stream.onConnection(tell);
        const releaseRun = run.onEnd(tell);
        return hold(() => {
          releaseStream();
          releaseRun();
        });
      },
      act: (verb, args) => this.act(run.id, verb, args),
      curve: (names, start, stop, points) => this.#api.curves(run.id, names, start, stop, points),
      read: (what, args) => this.#api.read(run.id, what, args),
      testFile: (number, format) => this.#api.testFile(run.id, number, format),
      close: () => {
        for (const release of releases) {
          release();
        }
        releases.clear();
        if (open) {
          open = false;
          this.#leave(run);
        }
      }
    };
  }

  #leave(run: WatchedRun): void {
    run.followers -= 1;
    if (run.followers === 0 && this.#runs.delete(run.id)) {
      this.#stream.send({ kind: 'unwatch', id: run.id });
    }
  }

  /** Everything that is listened to now; said anew on each socket. */
  #greeting(): Request[] {
    return [
      ...(this.#rows.size > 0 ? [{ kind: 'list', on: true } as const] : []),
      ...(this.#resources.size > 0 ? [{ kind: 'resources', on: true } as const] : []),
      ...[...this.#runs.values()].map(run => run.request())
    ];
  }

  #receive(answer: Answer): void {
    switch (answer.kind) {
      case 'rows':
        for (const callback of this.#rows) {
          callback(answer.rows, answer.gone);
        }
        return;
      case 'resources':
        for (const callback of this.#resources) {
          callback(answer.resources);
        }
        return;
      case 'snapshot':
      case 'patch':
      case 'gone':
      case 'error':
        this.#runs.get(answer.id ?? '')?.receive(answer);
    }
  }

  #listen<T>(listeners: Set<T>, callback: T, kind: 'list' | 'resources'): () => void {
    listeners.add(callback);
    if (listeners.size === 1) {
      this.#stream.send({ kind, on: true });
    }
    return () => {
      if (listeners.delete(callback) && listeners.size === 0) {
        this.#stream.send({ kind, on: false });
      }
    };
  }
}
