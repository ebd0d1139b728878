import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EitherClient } from '../../src/clients/either-client';
import type { WidgetClient } from '../../src/clients/widget-client';
import type { Connection, Curves, Question, Snapshot, Verb } from '../../src/contract';
import type { ServedRun } from '../../src/studio/contract';
import { snapshot } from '../snapshot';

/** One side: tells what it is told to tell, and notes what it is asked. */
class Side implements ServedRun {
  readonly asked: string[] = [];
  closed = false;
  #connection: Connection = 'connected';
  readonly #snapshots = new Set<(snapshot: Snapshot) => void>();
  readonly #listeners = new Set<(connection: Connection) => void>();
  /** Whether it has time. */
  free = true;

  subscribe(callback: (snapshot: Snapshot) => void): () => void {
    this.#snapshots.add(callback);
    return () => this.#snapshots.delete(callback);
  }

  connection(): Connection {
    return this.#connection;
  }

  onConnection(callback: (connection: Connection) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  act(verb: Verb): Promise<unknown> {
    this.asked.push(verb);
    return Promise.resolve({ control: 1 });
  }

  curve(names: string[]): Promise<Curves> {
    this.asked.push(`curve ${names}`);
    return Promise.resolve({});
  }

  read(what: Question): Promise<unknown> {
    this.asked.push(`read ${what}`);
    return Promise.resolve({});
  }

  testFile(number: number, format: 'csv' | 'json'): Promise<Blob> {
    this.asked.push(`file ${number}.${format}`);
    return Promise.resolve(new Blob(['found']));
  }

  answers(): Promise<boolean> {
    return Promise.resolve(this.free);
  }

  close(): void {
    this.closed = true;
  }

  tell(revision: number): void {
    for (const callback of this.#snapshots) {
      callback(snapshot({ revision }));
    }
  }

  become(connection: Connection): void {
    this.#connection = connection;
    for (const listener of this.#listeners) {
      listener(connection);
    }
  }

  get listening(): number {
    return this.#snapshots.size + this.#listeners.size;
  }
}

describe('EitherClient', () => {
  let kernel: Side;
  let server: Side;
  let client: EitherClient;
  let seen: number[];

  beforeEach(() => {
    kernel = new Side();
    server = new Side();
    seen = [];
  });

  afterEach(() => client.close());

  async function open(served: Promise<ServedRun | null> = Promise.resolve(server)): Promise<void> {
    client = new EitherClient(kernel as unknown as WidgetClient, served);
    client.subscribe(({ revision }) => seen.push(revision));
    await served.catch(() => null);
  }

  it('shows each change once, whoever tells it first', async () => {
    await open();
    kernel.tell(1);
    server.tell(2);
    kernel.tell(2);
    server.tell(1);
    kernel.tell(3);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('shows the last picture to whoever comes later', async () => {
    await open();
    server.tell(4);
    const late: number[] = [];
    client.subscribe(({ revision }) => late.push(revision));
    expect(late).toEqual([4]);
  });

  it('goes on with the server when the kernel is gone, and says so only when both are', async () => {
    await open();
    const told: Connection[] = [];
    client.onConnection(connection => told.push(connection));
    kernel.become('silent');
    kernel.become('disconnected');
    server.tell(7);
    expect([client.connection(), seen, told]).toEqual(['connected', [7], []]);
    server.become('silent');
    server.become('disconnected');
    expect(told).toEqual(['silent', 'disconnected']);
  });

  it('steers over the server, which is never busy', async () => {
    await open();
    kernel.free = false;
    await client.act('pause');
    await client.act('set', { learning_rate: 0.1 });
    await client.curve(['train_loss'], null, null, 100);
    expect([server.asked, kernel.asked]).toEqual([['pause', 'set', 'curve train_loss'], []]);
  });

  it('leaves to a kernel that has time what it does in a way of its own', async () => {
    await open();
    await client.act('clone');
    kernel.free = false;
    await client.act('try');
    expect([kernel.asked, server.asked]).toEqual([['clone'], ['try']]);
  });

  it('fetches files from the server alone, and has none where it can’t be reached', async () => {
    await open();
    expect(await (await client.testFile(3, 'csv'))?.text()).toBe('found');
    server.become('silent');
    expect(await client.testFile(3, 'json')).toBeNull();
    expect([server.asked, kernel.asked]).toEqual([['file 3.csv'], []]);
  });

  it.each([
    ['there is none', () => Promise.resolve(null)],
    ['it can’t be reached', () => Promise.reject(new Error('no route'))]
  ])('is the kernel alone where %s', async (_, served) => {
    await open(served());
    await client.act('pause');
    kernel.tell(1);
    expect([kernel.asked, seen]).toEqual([['pause'], [1]]);
  });

  it('asks the kernel again while the server is away', async () => {
    await open();
    server.become('silent');
    await client.act('pause');
    expect(kernel.asked).toEqual(['pause']);
  });

  it('lets go of both, also of a server that answers after that', async () => {
    await open();
    client.close();
    expect([kernel.closed, server.closed, kernel.listening + server.listening]).toEqual([true, true, 0]);
    const late = new Side();
    const opened = open(Promise.resolve(late));
    client.close();
    await opened;
    await vi.waitFor(() => expect(late.closed).toBe(true));
  });
});
