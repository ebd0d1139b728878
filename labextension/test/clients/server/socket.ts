import type { Answer, Request } from '../../../src/clients/server/protocol';

/** The browser's WebSocket, with the server's side in the test's hand. */
export class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 3;
  static all: FakeSocket[] = [];
  static get newest(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (socket === undefined) {
      throw new Error('Expected a socket, found none.');
    }
    return socket;
  }

  readonly url: string;
  readyState = FakeSocket.CONNECTING;
  sent: Request[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    if (this.readyState !== FakeSocket.OPEN) {
      throw new DOMException('Still connecting', 'InvalidStateError');
    }
    this.sent.push(JSON.parse(text) as Request);
  }

  close(): void {
    this.readyState = FakeSocket.CLOSED;
  }

  /** The server lets it in. */
  open(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }

  /** The server, or the way to it, breaks. */
  break(): void {
    this.readyState = FakeSocket.CLOSED;
    this.onclose?.();
  }

  tell(answer: Answer): void {
    this.onmessage?.({ data: JSON.stringify(answer) });
  }
}
