/** Gives the development page the look that its address asks for, and that address. */
export function dress(): URLSearchParams {
  const query = new URLSearchParams(location.search);
  const page = document.body;
  page.dataset.jpThemeLight = String(query.get('theme') !== 'dark');
  page.classList.toggle('lab', query.get('lab') !== '0');
  if (query.get('lab') === '0') {
    // Outside Lab nothing says which theme it is but the system.
    delete page.dataset.jpThemeLight;
  }
  return query;
}
