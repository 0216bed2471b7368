// Addresses within the page: what stands behind the #.

const PAGES = new Set(['books', 'bestsellers', 'cart', 'orders', 'account']);

/** `#/books?category=Sea` → { page, id, category }. Anything unknown is the list. */
export function parse(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [page, id] = path.split('/');
  const category = new URLSearchParams(query).get('category') ?? '';
  if (page === 'books' && id) {
    try {
      return { page: 'book', id: decodeURIComponent(id), category: '' };
    } catch {
      return { page: 'books', id: null, category: '' };
    }
  }
  return { page: PAGES.has(page) ? page : 'books', id: null, category: page === 'books' ? category : '' };
}

export const toBook = (id) => `#/books/${encodeURIComponent(id)}`;
export const toCategory = (category) => (category ? `#/books?${new URLSearchParams({ category })}` : '#/books');
