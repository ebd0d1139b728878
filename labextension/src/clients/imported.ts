/** Runs a script that came as a text; most pages allow it one way or the other. */
export async function imported<Module>(script: string): Promise<Module> {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const ways = [url, `data:text/javascript;charset=utf-8,${encodeURIComponent(script)}`];
  let cause: unknown;
  try {
    for (const way of ways) {
      try {
        return (await import(/* @vite-ignore */ way)) as Module;
      } catch (error) {
        cause = error;
      }
    }
  } finally {
    URL.revokeObjectURL(url);
  }
  throw new Error(
    'The security policy of this page lets no script from the kernel run; `dltrain ui` shows this view in a page of its own.',
    { cause }
  );
}
