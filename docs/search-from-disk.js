// Search works in a worker, which browsers refuse to a page that was opened from the disk. There a hidden frame takes
// its place: it runs the worker's script, and messages go to and fro as they would.
(() => {
  if (location.protocol !== "file:") return;

  class FrameWorker extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      const { contentDocument: inner, contentWindow } = this.frame;
      window.addEventListener("message", (event) => {
        if (event.source !== contentWindow) return;
        const told = new MessageEvent("message", { data: event.data });
        this.dispatchEvent(told);
        this.onmessage?.(told);
      });
      inner.open();
      inner.write(`<!doctype html><body><script>
        window.postMessage = (data) => parent.postMessage(data, "*");
        window.importScripts = (...urls) => urls.reduce((before, url) => before.then(() => new Promise((done) => {
          const script = document.createElement("script");
          script.src = url;
          script.onload = done;
          document.body.append(script);
        })), Promise.resolve());
      <\/script></body>`);
      const script = inner.createElement("script");
      script.src = url;
      inner.body.append(script);
      inner.close();
      this.loaded = new Promise((done) => script.addEventListener("load", done));
    }

    postMessage(data) {
      this.loaded.then(() => this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data })));
    }

    terminate() {
      this.frame.remove();
    }
  }

  window.Worker = FrameWorker;
})();
