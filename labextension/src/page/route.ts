/** What the page shows; its address says the same, so that it can be shared and reloaded. */
export type Route =
  | { view: 'start' }
  | { view: 'run'; id: string }
  | { view: 'compare'; ids: string[] }
  | { view: 'new' };

/** Reads an address; one that says nothing leads to the start. */
export function routeOf(base: string, { pathname, search }: { pathname: string; search: string }): Route {
  const [view, id, ...rest] = pathname.startsWith(base) ? pathname.slice(base.length).split('/') : [];
  if (view === 'runs' && id && rest.length === 0) {
    return { view: 'run', id: decoded(id) };
  }
  if (view === 'compare' && id === undefined) {
    const ids = new URLSearchParams(search).get('runs') ?? '';
    return { view: 'compare', ids: ids.split(',').filter(one => one !== '') };
  }
  return view === 'new' && id === undefined ? { view: 'new' } : { view: 'start' };
}

/** Writes the address of what is shown. */
export function addressOf(base: string, route: Route): string {
  switch (route.view) {
    case 'run':
      return `${base}runs/${encodeURIComponent(route.id)}`;
    case 'compare':
      return `${base}compare?runs=${route.ids.map(encodeURIComponent).join(',')}`;
    case 'new':
      return `${base}new`;
    default:
      return base;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) {
      return text;
    }
    throw error;
  }
}
